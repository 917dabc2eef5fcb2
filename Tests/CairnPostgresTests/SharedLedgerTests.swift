// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnPostgres
import CairnTesting
import Foundation
import Testing

@Suite("A ledger that several share", .enabled(if: PostgresServer.programs != nil))
struct SharedLedgerTests {
    /// A process of its own, as far as the database can tell.
    private static func server(
        _ store: PostgresStore,
        _ signer: MemorySigner,
        _ clock: ManualClock
    ) async throws -> Ledger {
        try await Ledger(
            .example,
            store: store,
            signer: signer,
            vault: nil,
            clock: clock.server
        )
    }

    private static func audit(
        _ store: PostgresStore,
        _ signer: MemorySigner
    ) async throws
        -> AuditReport
    {
        try await Auditor(
            tenant: .example,
            store: store,
            keys: [signer.verifierKey(for: Tenant.example.origin)]
        ).audit()
    }

    @Test("Servers that append to one ledger at once fork nothing and lose nothing")
    func rivals() async throws {
        let target = try PostgresServer.running().database()
        var options = PostgresStore.Options()
        options.connections = 2
        let stores = (0..<3).map { [options] _ in PostgresStore(target, options) }
        try await stores[0].migrate()
        try await stores[0].create(.example)
        let (signer, clock) = (MemorySigner(), ManualClock())
        var ledgers: [Ledger] = []
        for store in stores { ledgers.append(try await Self.server(store, signer, clock)) }
        let receipts = try await withThrowingTaskGroup(of: [Receipt].self) { group in
            for (number, ledger) in ledgers.enumerated() {
                group.addTask {
                    var sampler = EventSampler(seed: UInt64(number) + 1)
                    var receipts: [Receipt] = []
                    for _ in 0..<30 {
                        let events = sampler.prepared(3)
                        var outcomes = await ledger.append(events)
                        // Who lost too often is told so, and sends again.
                        while outcomes.contains(where: \.isFailure) {
                            outcomes = await ledger.append(events)
                        }
                        receipts += outcomes.compactMap(\.receipt)
                    }
                    return receipts
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(receipts.count == 270)
        #expect(Set(receipts.map(\.index)) == Set(0..<270))
        let report = try await Self.audit(stores[0], signer)
        #expect(report.holds && report.size == 270, "\(report.faults)")
        for receipt in receipts {
            let found = try await stores[1].indexes(of: [receipt.id], in: Tenant.example.ledger)
            #expect(found[receipt.id] == receipt.index)
        }
        for store in stores { await store.close() }
    }

    @Test("An append whose connection is lost is recorded all the same, and once")
    func lostAnswer() async throws {
        let target = try PostgresServer.running().database()
        let (store, other) = (PostgresStore(target), PostgresStore(target))
        try await store.migrate()
        let signer = try await Self.fill(store)
        let ledger = try await Self.server(store, signer, ManualClock())
        // Whoever moves a head takes a while, until somebody cuts the connection.
        try await other.run(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
            CREATE TRIGGER slow BEFORE UPDATE ON heads FOR EACH ROW EXECUTE FUNCTION slow();
            """
        )
        var sampler = EventSampler(seed: 9)
        let events = sampler.prepared(2)
        async let first = ledger.append(events)
        try await Task.sleep(for: .milliseconds(800))
        try await other.cutEverybodyElse()
        let outcomes = await first
        #expect(outcomes.compactMap(\.receipt).map(\.index) == [5, 6], "\(outcomes)")
        try await other.run("DROP TRIGGER slow ON heads")
        let again = await ledger.append(events)
        #expect(again.compactMap(\.receipt).map(\.index) == [5, 6])
        let report = try await Self.audit(store, signer)
        #expect(report.holds && report.size == 7, "\(report.faults)")
        await store.close()
        await other.close()
    }

    @Test("Connections that the server closed at rest are opened anew, and nobody is told")
    func closedAtRest() async throws {
        let target = try PostgresServer.running().database()
        let (store, other) = (PostgresStore(target), PostgresStore(target))
        try await store.migrate()
        try await store.create(.example)
        try await other.cutEverybodyElse()
        try await Task.sleep(for: .milliseconds(200))
        let head = try await store.head(of: Tenant.example.ledger)
        #expect(head?.size == 0)
        await store.close()
        await other.close()
    }

    @Test(
        "What never changes is refused by the database itself, to whoever asks as usual",
        arguments: [
            "UPDATE entries SET leaf = leaf", "DELETE FROM entries", "TRUNCATE entries",
            "UPDATE checkpoints SET note = note", "DELETE FROM checkpoints",
            "TRUNCATE checkpoints", "DELETE FROM heads", "TRUNCATE heads",
            "UPDATE heads SET size = size - 1",
        ]
    )
    func refused(statement: String) async throws {
        try await withPostgresStore { store in
            try await Self.fill(store)
            let before = try await store.head(of: Tenant.example.ledger)
            await #expect(throws: StoreError.self) { try await store.run(statement) }
            let after = try await store.head(of: Tenant.example.ledger)
            #expect(before == after)
        }
    }

    @Test("The role that servers run as appends and manages, and can take nothing back")
    func runtimeRole() async throws {
        let target = try PostgresServer.running().database()
        let owner = PostgresStore(target)
        try await owner.migrate()
        let role = #"odd "role"#
        try await owner.run(
            """
            DO $$ BEGIN CREATE ROLE "odd ""role" LOGIN;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$
            """
        )
        try await owner.grant(to: role)
        let store = PostgresStore(PostgresServer.url(target, as: "odd%20%22role"))
        let signer = try await Self.fill(store)
        try await store.keep([1], as: "x")
        for statement in [
            "UPDATE entries SET leaf = leaf", "DELETE FROM entries", "TRUNCATE entries",
            "UPDATE payloads SET seed = seed",
            "DELETE FROM payloads", "DELETE FROM tiles", "UPDATE checkpoints SET note = note",
            "DELETE FROM heads", "UPDATE heads SET size = size - 1",
            "UPDATE heads SET size = 0, frontier = '', epoch = epoch + 1",
            "UPDATE heads SET ledger = gen_random_uuid()", "CREATE TEMP TABLE heads (size bigint)",
            "DROP TRIGGER entries_refuse ON entries", "DROP TABLE entries",
            "ALTER TABLE entries DISABLE TRIGGER ALL", "SET session_replication_role = replica",
            "CREATE OR REPLACE FUNCTION cairn_refuse() RETURNS trigger LANGUAGE sql AS ''",
            "UPDATE cairn_schema SET version = 9",
        ] {
            await #expect(throws: StoreError.self, "\(statement)") {
                try await store.run(statement)
            }
        }
        let report = try await Self.audit(owner, signer)
        #expect(report.holds && report.size == 5, "\(report.faults)")
        await store.close()
        await owner.close()
    }

    @Test(
        "Who gets around that is found out by an audit",
        arguments: [
            "SET session_replication_role = replica; UPDATE entries SET leaf = 'x' WHERE idx = 2",
            "SET session_replication_role = replica; DELETE FROM entries WHERE idx = 2",
            "ALTER TABLE entries DISABLE TRIGGER ALL; DELETE FROM entries WHERE idx = 4",
            "DROP TRIGGER entries_refuse ON entries; UPDATE entries SET chain = leaf_hash",
            "UPDATE payloads SET fields = 'x' WHERE idx = 1", "DELETE FROM payloads WHERE idx = 3",
            "UPDATE search SET occurred_at = occurred_at + 1 WHERE idx = 0",
            "DROP TRIGGER entries_refuse ON entries; UPDATE entries SET id = gen_random_uuid()",
        ]
    )
    func foundOut(statement: String) async throws {
        try await withPostgresStore { store in
            let signer = try await Self.fill(store)
            let clean = try await Self.audit(store, signer)
            #expect(clean.holds, "\(clean.faults)")
            try await store.run(statement)
            let report = try await Self.audit(store, signer)
            #expect(!report.holds)
        }
    }

    /// Appends five records and keeps a checkpoint.
    @discardableResult
    private static func fill(_ store: PostgresStore) async throws -> MemorySigner {
        try await store.create(.example)
        let (signer, clock) = (MemorySigner(), ManualClock())
        let ledger = try await server(store, signer, clock)
        var sampler = EventSampler(seed: 5)
        _ = await ledger.append(sampler.prepared(5))
        _ = try await ledger.checkpoint()
        return signer
    }
}

extension AppendOutcome {
    fileprivate var isFailure: Bool {
        if case .failed = self { true } else { false }
    }

    fileprivate var receipt: Receipt? {
        switch self {
        case .recorded(let receipt), .known(let receipt): receipt
        default: nil
        }
    }
}
