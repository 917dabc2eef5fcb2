// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@testable import CairnPostgres

@Suite("The schema in PostgreSQL", .enabled(if: PostgresServer.programs != nil))
struct MigrationTests {
    /// What of each step never changes once it shipped.
    private static let digests: [Int64: String] = [
        1: "aa411bd533bb0fcc", 2: "f72a04131cc73106", 3: "db067b3af6a91868",
        4: "578d4434bcb93df0", 5: "ab4d1a475337e4cd", 6: "9784cd6e41c2df4a",
    ]

    @Test("A step that shipped never changes")
    func pinned() {
        for step in Migrations.steps {
            let text = [step.tables, step.seals, step.onOneNode, "\(step.distributed)"]
            let digest = Digest.sha256(Array(text.joined(separator: "\n").utf8)).hex.prefix(16)
            #expect(Self.digests[step.version] == String(digest), "step \(step.version)")
        }
        #expect(Migrations.steps.map(\.version) == Array(1...Migrations.newest))
        #expect(Migrations.steps.allSatisfy { $0.readableBy <= $0.version })
    }

    @Test("Whoever migrates again, or at the same time, changes nothing")
    func again() async throws {
        let target = try PostgresServer.running().database()
        let stores = (0..<3).map { _ in PostgresStore(target) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores { group.addTask { try await store.migrate() } }
            try await group.waitForAll()
        }
        let second = try await stores[0].migrate()
        #expect(second == (Migrations.newest, Migrations.newest))
        for store in stores { await store.close() }
    }

    @Test("A database is refused that has no schema, an older one, or one that is too new")
    func unfit() async throws {
        let store = PostgresStore(try PostgresServer.running().database())
        let empty = try await store.unfitness(forWriting: true)
        #expect(empty == .empty)
        try await store.migrate()
        let good = try await store.unfitness(forWriting: true)
        #expect(good == nil)
        let newest = Migrations.newest
        try await store.run("INSERT INTO cairn_schema VALUES (\(newest + 1), \(newest))")
        let newer = try await store.unfitness(forWriting: true)
        #expect(newer == nil, "it still admits this program")
        try await store.run("INSERT INTO cairn_schema VALUES (\(newest + 2), \(newest + 1))")
        let tooNew = try await store.unfitness(forWriting: true)
        #expect(tooNew == .newer(newest + 2))
        try await store.run("DELETE FROM cairn_schema WHERE version >= \(newest)")
        let older = try await store.unfitness(forWriting: true)
        #expect(older == .older(newest - 1))
        await store.close()
    }

    @Test("A database that answers before it is durable is refused")
    func unsafe() async throws {
        let target = try PostgresServer.running().database()
        let store = PostgresStore(target)
        try await store.migrate()
        let name = target.split(separator: "/").last ?? ""
        try await store.run("ALTER DATABASE \(name) SET synchronous_commit = off")
        let careless = PostgresStore(target)
        let refusal = try await careless.unfitness(forWriting: true)
        #expect(refusal == .unsafe("synchronous_commit"))
        let reading = try await careless.unfitness(forWriting: false)
        #expect(reading == nil)
        for store in [store, careless] { await store.close() }
    }

    @Test("A role that owns the tables is told from one that was given its rights")
    func owner() async throws {
        let target = try PostgresServer.running().database()
        let owner = PostgresStore(target)
        try await owner.migrate()
        try await owner.run(
            """
            DO $$ BEGIN CREATE ROLE cairn_plain LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
            DO $$ BEGIN CREATE ROLE cairn_member LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
            DO $$ BEGIN CREATE ROLE cairn_holder; EXCEPTION WHEN duplicate_object THEN END $$;
            GRANT cairn_holder TO cairn_member;
            ALTER TABLE entries OWNER TO cairn_holder;
            """
        )
        try await owner.grant(to: "cairn_plain")
        let (plain, member) = (
            PostgresStore(PostgresServer.url(target, as: "cairn_plain")),
            PostgresStore(PostgresServer.url(target, as: "cairn_member"))
        )
        let superuser = try await owner.ownsTables()
        let given = try await plain.ownsTables()
        let belonging = try await member.ownsTables()
        #expect(superuser && !given && belonging)
        for store in [owner, plain, member] { await store.close() }
    }

    // MARK: A cluster's rules

    /// What Citus refuses, in the words of its manual: triggers on a table that is to be
    /// distributed, a unique key without the column that distributes, and keys of other tables.
    private static let cluster = """
        CREATE TABLE distributed (name text PRIMARY KEY, colocated text);
        CREATE FUNCTION create_distributed_table(t regclass, c text, colocate_with text DEFAULT '')
        RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t AND NOT tgisinternal) THEN
                RAISE 'triggers are not supported on distributed tables';
            END IF;
            IF EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = t AND i.indisunique AND NOT EXISTS (
                    SELECT FROM pg_attribute a
                    WHERE a.attrelid = t AND a.attname = c AND a.attnum = ANY (i.indkey)
                )
            ) THEN
                RAISE 'a unique key of % lacks %', t, c;
            END IF;
            IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = t) THEN
                RAISE '% refers to another table', t;
            END IF;
            INSERT INTO distributed VALUES (t::text, colocate_with);
        END $$;
        CREATE FUNCTION needs_permission() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM pg_event_trigger_ddl_commands() e JOIN pg_trigger g ON g.oid = e.objid
                JOIN distributed d ON d.name = g.tgrelid::regclass::text
                WHERE e.object_type = 'trigger'
            ) AND coalesce(current_setting('citus.enable_unsafe_triggers', true), '') <> 'on' THEN
                RAISE 'triggers need permission';
            END IF;
        END $$;
        CREATE EVENT TRIGGER permission ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER')
            EXECUTE FUNCTION needs_permission();
        """

    @Test("The steps keep the rules by which a cluster distributes tables by ledger")
    func distributable() async throws {
        let store = PostgresStore(try PostgresServer.running().database())
        try await store.run(Self.cluster)
        try await store.migrate(isCluster: true)
        let distributed = try await store.text(
            "SELECT string_agg(name, ' ' ORDER BY name) FROM distributed"
        )
        let expected = Migrations.steps.flatMap(\.distributed).sorted().joined(separator: " ")
        #expect(distributed == expected)
        // Every table of records is among them: those that have the column, and no tenant's facts.
        let left = try await store.text(
            """
            SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '')
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'ledger'
            WHERE c.relkind = 'r' AND c.relname NOT IN (SELECT name FROM distributed)
            """
        )
        #expect(left == "tenants")
        let together = try await store.text(
            "SELECT string_agg(DISTINCT colocated, ' ' ORDER BY colocated) FROM distributed"
        )
        #expect(together == "heads none")
        let seals = try await store.text(
            "SELECT count(*)::text FROM pg_trigger WHERE tgname LIKE '%refuse%'"
        )
        #expect(seals == "7")
        await store.close()
    }

    @Test("No step says what a cluster cannot do over several ledgers")
    func words() {
        let forbidden = [
            "RECURSIVE", "ROLLUP", "CUBE", "GROUPING SETS", "MERGE", "ROW LEVEL SECURITY",
        ]
        for step in Migrations.steps {
            let text = (step.tables + step.seals + step.onOneNode).uppercased()
            for word in forbidden { #expect(!text.contains(word), "\(step.version): \(word)") }
            #expect(!step.tables.uppercased().contains("CREATE TRIGGER"))
            #expect(!text.contains("UPDATE SET LEDGER"))
        }
    }
}
