// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import CairnLocal
internal import Foundation

/// The whole path below HTTP on the embedded store.
enum StoreBenchmarks {
    static func append(_ bodies: [[UInt8]], batch: Int) async throws {
        try await withLedger { ledger, store, preparer in
            let used = batch == 1 ? Array(bodies.prefix(2_000)) : bodies
            try await Benchmarks.measure("append to SQLite by \(batch)", used.count) {
                var start = 0
                while start < used.count {
                    let end = min(start + batch, used.count)
                    _ = await ledger.append(try prepare(used[start..<end], preparer))
                    start = end
                }
                try await store.merge()
            }
        }
    }

    static func read(_ bodies: [[UInt8]]) async throws {
        try await withLedger { ledger, store, preparer in
            for start in stride(from: 0, to: bodies.count, by: 1000) {
                let end = min(start + 1000, bodies.count)
                _ = await ledger.append(try prepare(bodies[start..<end], preparer))
            }
            try await store.merge()
            let size = await ledger.currentHead.size
            var queries: [(String, RecordQuery)] = [("newest", RecordQuery())]
            for (name, key, value) in [
                ("type common", FilterKey.type, "user.login"),
                ("outcome rare", .outcome, "failure"),
                ("outcome common", .outcome, "success"), ("actor common", .actorID, "user-1"),
                ("actor rare", .actorID, "user-9000"), ("request", .requestID, "r-77"),
                ("risk", .risk, "high"), ("details", .details("method"), "password"),
            ] {
                var query = RecordQuery()
                query.filters = [Filter(key, [value])]
                queries.append((name, query))
            }
            var text = RecordQuery()
            text.text = TextQuery(parsing: "mozilla example")
            queries.append(("text", text))
            for (name, query) in queries {
                try await Benchmarks.measure("page of 50: \(name)", 200) {
                    for _ in 0..<200 {
                        _ = try await store.page(
                            query,
                            in: ledger.tenant.ledger,
                            size: size,
                            after: nil,
                            limit: 51
                        )
                    }
                }
            }
            let auditor = Auditor(
                tenant: ledger.tenant,
                store: store,
                keys: [ledger.verifierKey]
            )
            for contents in [true, false] {
                var scope = AuditScope()
                scope.contents = contents
                try await Benchmarks.measure(
                    contents ? "verify with contents" : "verify leaves and root",
                    bodies.count
                ) {
                    let report = try await auditor.audit(scope)
                    precondition(report.holds, "\(report.faults)")
                }
            }
        }
    }

    private static func prepare(
        _ bodies: ArraySlice<[UInt8]>,
        _ preparer: Preparer
    ) throws -> [PreparedEvent] {
        try bodies.map { body in
            try preparer.prepare(
                try body.withUnsafeBytes { try Event(parsing: $0) },
                of: "default"
            )
        }
    }

    private static func withLedger(
        _ body: (Ledger, LocalStore, Preparer) async throws -> Void
    ) async throws {
        try await withStore { store, preparer, clock in
            guard let tenant = try await store.tenant(named: "default") else { return }
            let ledger = try await Ledger(
                tenant,
                store: store,
                signer: try KeyFile(seed: [UInt8](repeating: 7, count: 32)),
                vault: nil,
                clock: clock
            )
            try await body(ledger, store, preparer)
        }
    }

    /// Runs `body` on a store of its own with the tenant `default`.
    static func withStore(
        _ body: (LocalStore, Preparer, ServerClock) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-benchmark-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try await LocalStore.open(at: folder)
        let clock = ServerClock(
            now: { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) },
            continuousMilliseconds: { Int64(ProcessInfo.processInfo.systemUptime * 1000) }
        )
        var generator = SystemRandomNumberGenerator()
        let id = LedgerID(using: &generator)
        let tenant = Tenant(
            name: "default",
            ledger: id,
            origin: "cairn.local/\(id)",
            createdAt: clock.now()
        )
        try await store.create(tenant)
        let preparer = Preparer(
            clock: clock,
            random: { buffer in
                if let start = buffer.baseAddress { arc4random_buf(start, buffer.count) }
            }
        )
        try await body(store, preparer, clock)
        try await store.close()
    }
}
