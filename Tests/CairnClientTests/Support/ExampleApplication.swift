// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Synchronization

/// Somebody who signed in.
struct User: Sendable, Equatable {
    let id: String
    let email: String
}

/// Something that somebody owns.
struct Account: Sendable, Equatable {
    let id: String
    let ownerID: String
}

/// Where a request comes from.
struct Incoming: Sendable {
    var address: String? = "192.0.2.7"
    var userAgent: String? = "Mozilla/5.0"
}

/// Why the application refuses something.
struct Refused: Error, Equatable {
    let status: Int
}

/// Why a provider cannot be connected.
struct ProviderError: Error {
    let code: String
}

/// What happens in the application's domain.
enum DomainEvent: Sendable {
    case passwordChanged(userID: String, initiatedBy: String, method: String)
    case cacheWarmed
}

/// An application's own part: users, accounts, and services that may fail.
final class Services: Sendable {
    let users = [
        "ada@example.com": User(id: "u-1", email: "ada@example.com"),
        "root@example.com": User(id: "u-9", email: "root@example.com"),
    ]
    let accounts = Mutex(["a-1": Account(id: "a-1", ownerID: "u-1")])
    let isBroken = Mutex(false)

    func login(_ email: String, _ password: String) -> User? {
        password == "right" ? users[email] : nil
    }

    func account(_ id: String) -> Account? {
        accounts.withLock { $0[id] }
    }

    func connectProvider(of userID: String) throws(ProviderError) -> String {
        if isBroken.withLock({ $0 }) { throw ProviderError(code: "invalid_grant") }
        return "p-1"
    }

    func suspend(_ userID: String) throws(Refused) {
        if isBroken.withLock({ $0 }) { throw Refused(status: 500) }
    }

    func delete(_ accountID: String) throws(Refused) {
        if isBroken.withLock({ $0 }) { throw Refused(status: 500) }
        accounts.withLock { _ = $0.removeValue(forKey: accountID) }
    }

    func backup() -> Int { 1024 }
}
