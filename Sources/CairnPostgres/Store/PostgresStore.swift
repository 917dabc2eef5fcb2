// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

/// The ledgers of a deployment in one PostgreSQL database, which any number of servers share.
///
/// Who moves a ledger's head is decided by comparing the whole of it, in the same statement that
/// writes the records: two servers that try at once cannot fork it.
package struct PostgresStore: Sendable {
    let pool: PostgresPool
    /// Where pages, statistics and checks are read.
    let readPool: PostgresPool
    let memory = StoreMemory()

    /// Works with the database that a URL or words of libpq name, over so many connections at most.
    package init(
        _ target: String,
        connections: Int = 8,
        onNotice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        pool = PostgresPool(target, connections: connections, onNotice: onNotice)
        readPool = pool
    }

    /// Makes the schema, or brings it up to date; as the owner of the tables.
    package func migrate() async throws(StoreError) {
        try await pool.use(isWrite: true) { try Migrations.migrate($0) }
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
