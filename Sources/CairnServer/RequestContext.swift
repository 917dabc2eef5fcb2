// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
package import Hummingbird
internal import NIOCore
internal import Synchronization

/// What is known of a request while it is handled.
package struct ServerContext: RequestContext {
    /// What Hummingbird keeps.
    package var coreContext: CoreRequestContextStorage
    /// The request's id, the caller's own if it sent a sane one.
    package var requestID = ""
    /// The other end of the connection.
    private let connection: SocketAddress?
    /// What a trusted proxy says that the client's address is.
    private var forwarded: IPAddress?
    /// Who asks, once that is known, also to whom the request passed before.
    var principal: Principal? {
        get { seen.principal.withLock { $0 } }
        set { seen.principal.withLock { $0 = newValue } }
    }
    private let seen = Seen()

    /// The digest by which the request names itself, if it has an `Idempotency-Key`.
    var requestName: Digest?

    /// Begins with a request that just came.
    package init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = source.channel.remoteAddress
    }

    /// The client's address: the connection's, or what a trusted proxy says; nil if it is not one
    /// of the internet.
    var clientAddress: IPAddress? { forwarded ?? connection.flatMap { IPAddress($0) } }

    /// Takes the word of trusted proxies for who the client is.
    mutating func findClient(behind proxies: TrustedProxies, forwarded: [String]) {
        guard proxies.count > 0, let own = clientAddress else { return }
        self.forwarded = proxies.client(of: own, forwarded: forwarded)
    }

    /// The client's address as text.
    var client: String? { clientAddress.map { "\($0)" } }

    /// Who asks.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/unauthenticated`` when that is not known.
    func caller() throws(Problem) -> Principal {
        guard let principal else { throw Problem(.unauthenticated) }
        return principal
    }

    /// A part of the path that the route names.
    func part(_ name: String) -> String {
        parameters.get(name) ?? ""
    }
}

/// What is found out about a request while it is handled, for those who gave it on.
private final class Seen: Sendable {
    let principal = Mutex<Principal?>(nil)
}

extension Principal {
    /// Goes on only for a principal that may do this.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/forbidden`` naming the scope.
    func require(_ scope: Scope) throws(Problem) {
        guard scopes.contains(scope) else {
            throw Problem(.forbidden, "The credential lacks the scope \(scope.rawValue).")
        }
    }
}
