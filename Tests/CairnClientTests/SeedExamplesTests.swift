// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import CairnEmbedded
import Foundation
import Synchronization
import Testing

/// An application whose every call is in the article `Recording`.
struct ExampleApplication: Sendable {
    let audit: AuditRecorder
    let services = Services()

    // MARK: Recording

    func login(_ email: String, _ password: String, from request: Incoming) async throws -> User {
        guard let user = services.login(email, password) else {
            let recorded = await audit.record(
                action: .userLoginFailed,
                resourceType: "session",
                ipAddress: request.address,
                userAgent: request.userAgent,
                context: ["reason": "invalid_credentials", "email": .string(email)],
                outcome: .failure
            )
            if case .failure = recorded { throw Refused(status: 503) }
            throw Refused(status: 401)
        }
        let recorded = await audit.record(
            action: .userLogin,
            resourceType: "session",
            userID: user.id,
            ipAddress: request.address,
            userAgent: request.userAgent,
            context: ["method": "password", "mfa": false],
            outcome: .success
        )
        if case .failure = recorded { throw Refused(status: 503) }
        return user
    }

    func account(_ id: String, for user: User) async throws -> Account {
        let account = services.account(id)
        let isOwn = account?.ownerID == user.id
        let recorded = await audit.record(
            action: .dataViewed,
            resourceType: "account",
            userID: user.id,
            resourceID: id,
            context: ["data_type": "financial", "fields_accessed": ["balance", "transactions"]],
            outcome: account == nil ? .failure : isOwn ? .success : .denied
        )
        if case .failure = recorded { throw Refused(status: 503) }
        guard let account, isOwn else { throw Refused(status: 404) }
        return account
    }

    func connectProvider(for user: User) async throws -> String {
        let attempt = Result { () throws(ProviderError) in
            try services.connectProvider(of: user.id)
        }
        switch attempt {
        case .success(let provider):
            let recorded = await audit.record(
                action: .providerConnected,
                resourceType: "provider",
                userID: user.id,
                resourceID: provider,
                context: ["provider_name": "schwab", "connection_method": "oauth"],
                outcome: .success
            )
            if case .failure = recorded { throw Refused(status: 503) }
            return provider
        case .failure(let error):
            audit.recordBestEffort(
                .action(
                    .providerConnected,
                    on: Event.Resource(type: "provider"),
                    userID: user.id,
                    context: ["provider_name": "schwab", "error_code": .string(error.code)],
                    outcome: .failure
                )
            )
            throw Refused(status: 502)
        }
    }

    func suspend(_ userID: String, by admin: User, because reason: String) async throws {
        let suspension = Event.action(
            .adminUserSuspended,
            on: Event.Resource(type: "user", id: userID),
            userID: admin.id,
            context: ["reason": .string(reason), "duration": "indefinite"],
            outcome: .success
        )
        let operation = await audit.recordOperation(suspension) {
            try services.suspend(userID)
        }
        try operation.get().result.get()
    }

    func backUp() async throws {
        let size = services.backup()
        let recorded = await audit.record(
            action: .adminBackupCreated,
            resourceType: "system",
            context: ["backup_type": "automated", "backup_size": .number(JSONNumber(size))],
            outcome: .success
        )
        if case .failure(let error) = recorded { throw error }
    }

    // MARK: Asking

    func activity(of user: User, since start: Timestamp) async throws -> [Record] {
        let query = AuditQuery(actorID: user.id, from: start, limit: 100)
        return try await audit.query(query).get().records
    }

    func failedLogins(since start: Timestamp) async throws -> [Record] {
        var query = AuditQuery(from: start, limit: 1000)
        query.types = [AuditAction.userLoginFailed.type.text]
        return try await audit.query(query).get().records
    }

    func providerEvents(of user: User, after cursor: String?) async throws -> Page {
        var query = AuditQuery(actorID: user.id, resourceType: "provider", limit: 2)
        query.cursor = cursor
        return try await audit.query(query).get()
    }

    // MARK: Domain events and destructive operations

    func subscribe(to events: AsyncStream<DomainEvent>) async throws -> Int {
        try await audit.record(from: events) { event in
            guard case .passwordChanged(let userID, let initiator, let method) = event else {
                return nil
            }
            return .action(
                .userPasswordChanged,
                on: Event.Resource(type: "user", id: userID),
                userID: userID,
                context: ["initiated_by": .string(initiator), "method": .string(method)],
                outcome: .success
            )
        }
    }

    func deleteAccount(_ id: String, for user: User) async throws {
        let deletion = Event.action(
            .dataDeleted,
            on: Event.Resource(type: "account", id: id),
            userID: user.id,
            context: ["deletion_type": "hard", "reason": "user_request"],
            outcome: .success
        )
        switch await audit.recordOperation(deletion, { try services.delete(id) }) {
        case .success(let operation): try operation.result.get()
        case .failure: throw Refused(status: 503)
        }
    }
}

@Suite("The examples of an application, compiled and run")
struct SeedExamplesTests {
    private static let ada = User(id: "u-1", email: "ada@example.com")
    private static let root = User(id: "u-9", email: "root@example.com")

    /// Runs `body` with an application over a ledger of its own.
    private func withApplication(
        _ body: @Sendable (ExampleApplication, EmbeddedLedger) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let rules = try RedactionRules(
                ["name": "shop", "version": 1, "names": ["email": "digest"]]
            )
            let secret = [UInt8](repeating: 7, count: 32)
            var options = RecorderOptions()
            options.redaction = .rules(rules, key: RedactionKey(id: "2026q4", secret: secret))
            options.durability = DurabilityPolicy(
                ["data.delete": .failClosed, "admin.*": .failClosed, "http.*": .bestEffort],
                otherwise: .failOpen
            )
            options.spool = SpoolOptions(folder: folder.appendingPathComponent("spool").path)
            let ledger = try await EmbeddedLedger(at: folder.appendingPathComponent("audit").path)
            let recorder = try AuditRecorder(to: ledger, options: options)
            try await recorder.whileRunning { audit in
                try await body(ExampleApplication(audit: audit), ledger)
            }
            #expect(recorder.counts.failed == 0)
            #expect(recorder.counts.lost == 0)
        }
    }

    @Test("D-004-01, D-004-06: a login is recorded as it ended, and who is unknown stays so")
    func login() async throws {
        try await withApplication { application, _ in
            let user = try await application.login("ada@example.com", "right", from: Incoming())
            for _ in 0..<2 {
                await #expect(throws: Refused(status: 401)) {
                    try await application.login("eve@example.com", "wrong", from: Incoming())
                }
            }
            let own = try await application.activity(of: user, since: .epoch)
            #expect(own.count == 1)
            #expect(own.first?.event?.type.text == "user.login")
            #expect(own.first?.event?.source.ip == "192.0.2.7")
            let failed = try await application.failedLogins(since: .epoch)
            #expect(failed.count == 2)
            #expect(failed.first?.event?.actor.type == "unknown")
            let tried = failed.map { $0.json["details"]?["email"]?.string ?? "" }
            #expect(tried[0] == tried[1])
            #expect(tried[0].hasPrefix("hmac:2026q4:"))
        }
    }

    @Test("D-004-07: a look at data is recorded with what was decided")
    func dataAccess() async throws {
        try await withApplication { application, _ in
            _ = try await application.account("a-1", for: SeedExamplesTests.ada)
            await #expect(throws: Refused(status: 404)) {
                try await application.account("a-1", for: SeedExamplesTests.root)
            }
            await #expect(throws: Refused(status: 404)) {
                try await application.account("none", for: SeedExamplesTests.ada)
            }
            let records = try await allRecords(application.audit)
            #expect(records.map { $0.event?.type.text } == ["data.read", "data.read", "data.read"])
            #expect(records.map { $0.event?.outcome } == [.success, .denied, .failure])
        }
    }

    @Test("D-004-05: a provider that could not be connected is that action, with its outcome")
    func provider() async throws {
        try await withApplication { application, _ in
            let provider = try await application.connectProvider(for: SeedExamplesTests.ada)
            #expect(provider == "p-1")
            application.services.isBroken.withLock { $0 = true }
            await #expect(throws: Refused(status: 502)) {
                try await application.connectProvider(for: SeedExamplesTests.ada)
            }
            try await eventually("both are recorded") {
                try await allRecords(application.audit).count == 2
            }
            let records = try await allRecords(application.audit)
            #expect(
                records.map { $0.event?.type.text } == ["provider.connected", "provider.connected"]
            )
            #expect(records.map { $0.event?.outcome } == [.success, .failure])
            #expect(records[1].json["details"]?["error_code"] == "invalid_grant")
        }
    }

    @Test("D-004-08: a suspension shows as meant, and as it ended, whatever happens in between")
    func suspension() async throws {
        try await withApplication { application, _ in
            let (ada, root) = (SeedExamplesTests.ada, SeedExamplesTests.root)
            try await application.suspend(ada.id, by: root, because: "fraud")
            application.services.isBroken.withLock { $0 = true }
            await #expect(throws: Refused(status: 500)) {
                try await application.suspend(ada.id, by: root, because: "fraud")
            }
            let events = try await allRecords(application.audit).compactMap(\.event)
            #expect(events.map(\.outcome) == [.unknown, .success, .unknown, .failure])
            #expect(Set(events.map(\.source.requestID)).count == 2)
            #expect(Set(events.map(\.type.text)) == ["admin.user_suspended"])
        }
    }

    @Test("What the system does by itself is the system's")
    func systemAction() async throws {
        try await withApplication { application, _ in
            try await application.backUp()
            let event = try #require(try await allRecords(application.audit).first?.event)
            #expect(event.actor == Event.Actor(type: "system", id: "system"))
            #expect(event.type.text == "admin.backup_created")
        }
    }

    @Test("D-004-09, D-004-10: a page says whether there is more, at an exact multiple as well")
    func pages() async throws {
        try await withApplication { application, _ in
            for _ in 0..<4 {
                _ = try await application.connectProvider(for: SeedExamplesTests.ada)
            }
            let first = try await application.providerEvents(
                of: SeedExamplesTests.ada,
                after: nil
            )
            #expect(first.records.count == 2 && first.hasMore)
            let second = try await application.providerEvents(
                of: SeedExamplesTests.ada,
                after: first.nextCursor
            )
            #expect(second.records.count == 2 && !second.hasMore)
            #expect(second.ledgerSize == 4)
        }
    }

    @Test("A domain event becomes a record")
    func domainEvents() async throws {
        try await withApplication { application, _ in
            let (events, domain) = AsyncStream<DomainEvent>.makeStream()
            domain.yield(.cacheWarmed)
            domain.yield(
                .passwordChanged(userID: "u-1", initiatedBy: "user", method: "self_service")
            )
            domain.finish()
            #expect(try await application.subscribe(to: events) == 1)
            let record = try #require(try await allRecords(application.audit).first)
            #expect(record.event?.type.text == "user.password_changed")
            #expect(record.json["details"]?["method"] == "self_service")
        }
    }

    @Test(
        "D-004-03, D-004-14: a deletion leaves its intent and its end, found by the resource's id"
    )
    func deletion() async throws {
        try await withApplication { application, ledger in
            try await application.deleteAccount("a-1", for: SeedExamplesTests.ada)
            #expect(application.services.account("a-1") == nil)
            var query = AuditQuery(actorID: "u-1")
            query.types = [AuditAction.dataDeleted.type.text]
            query.outcomes = [.success]
            let records = try await application.audit.query(query).get().records
            #expect(records.map { $0.event?.resources?.first?.id } == ["a-1"])
            #expect(try await ledger.audit().get().holds)
        }
    }

    @Test("D-004-04: what must not go unrecorded is not done when it cannot be recorded")
    func failClosed() async throws {
        var options = RecorderOptions()
        options.retry = .once
        let nobody = try HTTPDestination(url: "http://127.0.0.1:9")
        let application = ExampleApplication(
            audit: try AuditRecorder(to: nobody, options: options)
        )
        await #expect(throws: Refused(status: 503)) {
            try await application.deleteAccount("a-1", for: SeedExamplesTests.ada)
        }
        #expect(application.services.account("a-1") != nil)
        await application.audit.close()
    }
}
