// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

/// The ledgers of a deployment in one PostgreSQL database, which any number of servers share.
///
/// Who moves a ledger's head is decided by comparing the whole of it, in the same statement that
/// writes the records: two servers that try at once cannot fork it.
package struct PostgresStore: Sendable {
    /// How a store is used.
    package struct Options: Sendable {
        /// Connections at most, to the primary and to the replica each.
        package var connections = 16
        /// How long a statement waits for one of them before it is refused.
        package var patience = Duration.seconds(30)
        /// A replica that pages and statistics may be read from, as a URL or words of libpq.
        package var replica: String?
        /// How long a reader waits for the replica before it asks the primary, in milliseconds.
        package var staleness = 200

        /// The options that hold unless an operator sets others.
        package init() {}
    }

    let pool: PostgresPool
    /// A connection apart from the others, which says whether the database answers even while they
    /// all wait for it.
    private let probe: PostgresPool
    let replica: Replica?
    let memory = StoreMemory()

    /// Works with the database that a URL or words of libpq name.
    ///
    /// `onNotice` is told what the server says beside its answers.
    package init(
        _ target: String,
        _ options: Options = Options(),
        onNotice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        pool = PostgresPool(
            target,
            connections: options.connections,
            waitingTime: options.patience,
            onNotice: onNotice
        )
        probe = PostgresPool(target, connections: 1, onNotice: onNotice)
        replica = options.replica.map { target in
            Replica(
                PostgresPool(target, connections: options.connections, onNotice: onNotice),
                staleness: .milliseconds(options.staleness)
            )
        }
    }

    /// Makes the schema, or brings it up to date; as the owner of the tables.
    ///
    /// With `isCluster`, tables of records are distributed by ledger with Citus' functions. Returns
    /// the version that was there, and the one that is.
    @discardableResult
    package func migrate(
        isCluster: Bool = false
    ) async throws(StoreError) -> (from: Int64, to: Int64) {
        try await pool.use(isWrite: true) { connection in
            let before = try Migrations.version(connection)?.version ?? 0
            try Migrations.migrate(connection, isCluster: isCluster)
            return (before, max(before, Migrations.newest))
        }
    }

    /// Gives the role that servers run as its rights, and takes all others; as the owner of the
    /// tables.
    package func grant(to role: String) async throws(StoreError) {
        precondition(!role.isEmpty && !role.utf8.contains(0), "a role has a name")
        try await pool.use(isWrite: true) { try Privileges.grant(to: role, $0) }
    }

    /// Closes every connection.
    package func close() async {
        await pool.close()
        await probe.close()
        await replica?.pool.close()
    }
}

extension PostgresStore {
    /// Why a database cannot be worked with as it is.
    package enum Unfit: Error, Equatable, CustomStringConvertible {
        /// It has no tables of Cairn's.
        case empty
        /// Its schema is older than this program needs.
        case older(Int64)
        /// Its schema is newer, and of a program that this one cannot work beside.
        case newer(Int64)
        /// It is a standby, which takes no writes.
        case standby
        /// It says that something is durable before it is, by that setting.
        case unsafe(String)

        package var description: String {
            switch self {
            case .empty: "the database has no schema; run `cairn migrate` as the owner first"
            case .older(let version):
                "the database has schema \(version), and this program needs "
                    + "\(Migrations.newest); run `cairn migrate` as the owner first"
            case .newer(let version):
                "the database has schema \(version), which this program cannot work with; it knows "
                    + "\(Migrations.newest): run a newer cairn"
            case .unsafe(let setting):
                "\(setting) is off, so what the database commits is not durable; switch it on"
            case .standby: "the database is a standby, which takes no writes; name the primary"
            }
        }
    }

    /// Says why a database cannot be worked with as it is, if it cannot.
    package func unfitness(forWriting: Bool) async throws(StoreError) -> Unfit? {
        try await pool.use { connection in
            guard let (version, readableBy) = try Migrations.version(connection) else {
                return .empty
            }
            if version < Migrations.newest { return .older(version) }
            if readableBy > Migrations.newest { return .newer(version) }
            guard forWriting else { return nil }
            if try PostgresStore.isStandby(connection) { return .standby }
            for setting in ["synchronous_commit", "fsync", "full_page_writes"] {
                let value = try connection.run("SELECT current_setting($1)", [.text(setting)])
                if value.text(0, 0) == "off" { return .unsafe(setting) }
            }
            return nil
        }
    }

    /// Whether the role could drop the tables, and with them what guards them.
    package func ownsTables() async throws(StoreError) -> Bool {
        try await pool.use { connection in
            let rows = try connection.run(
                """
                SELECT count(*) FROM pg_class c, pg_roles r
                WHERE c.oid = 'entries'::regclass AND r.rolname = current_user
                    AND (r.rolsuper OR pg_has_role(c.relowner, 'USAGE'))
                """
            )
            return rows.integer(0, 0) > 0
        }
    }

    /// How long the database may take to say that it is there.
    private static let pingPatience = Duration.seconds(3)

    /// Finds out whether the database can be read and written now.
    package func ping() async throws(StoreError) {
        try await probe.use { connection in
            guard try !PostgresStore.isStandby(connection, within: PostgresStore.pingPatience)
            else { throw StoreError.unavailable(Unfit.standby) }
        }
    }

    private static func isStandby(
        _ connection: isolated PostgresConnection,
        within patience: Duration = PostgresConnection.patience
    ) throws -> Bool {
        try connection.run("SELECT pg_is_in_recovery()", within: patience).bytes(0, 0) == [1]
    }
}

extension PostgresRows {
    /// A hash; what is none is damage.
    func digest(_ row: Int, _ column: Int) throws -> Digest {
        guard let digest = Digest(bytes(row, column)) else {
            throw StoreError.corrupt("a stored hash has not 32 bytes")
        }
        return digest
    }

    /// An instant, or nil where there is none.
    func timestamp(_ row: Int, _ column: Int) -> Timestamp? {
        isNull(row, column) ? nil : Timestamp(nanoseconds: integer(row, column))
    }
}
