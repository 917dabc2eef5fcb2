// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

extension PostgresStore: Directory {
    package func tenant(named name: String) async throws(StoreError) -> Tenant? {
        // No text of a database has it, and no tenant's name.
        guard !name.utf8.contains(0) else { return nil }
        return try await pool.use { connection in
            let rows = try connection.run(
                "SELECT \(PostgresStore.tenantColumns) FROM tenants WHERE name = $1",
                [.text(name)]
            )
            return rows.count == 1 ? try PostgresStore.tenant(rows, 0) : nil
        }
    }

    package func tenants() async throws(StoreError) -> [Tenant] {
        try await pool.use { connection in
            let rows = try connection.run(
                "SELECT \(PostgresStore.tenantColumns) FROM tenants ORDER BY name"
            )
            return try (0..<rows.count).map { try PostgresStore.tenant(rows, $0) }
        }
    }

    package func create(_ tenant: Tenant) async throws(StoreError) {
        let head = Head.empty(origin: tenant.origin)
        try await pool.use(isWrite: true) { connection in
            try connection.transaction { connection in
                try connection.run(
                    "INSERT INTO tenants VALUES ($1, $2, $3, $4)",
                    [
                        .text(tenant.name), .uuid(tenant.ledger), .text(tenant.origin),
                        .integer(tenant.createdAt.milliseconds),
                    ]
                )
                try connection.run(
                    "INSERT INTO heads VALUES ($1, 0, '', $2, $3, 0, 0)",
                    [.uuid(tenant.ledger), .digest(head.frontier.root), .digest(head.chain)]
                )
                try connection.run(
                    "INSERT INTO rolled VALUES ($1, 0)",
                    [.uuid(tenant.ledger)]
                )
            }
        }
    }

    private static let tenantColumns = "name, ledger, origin, created_at"

    /// Reads a row, whatever became of it: what no tenant can have is damage, not a mistake of ours.
    private static func tenant(_ rows: PostgresRows, _ row: Int) throws -> Tenant {
        let (name, origin) = (rows.text(row, 0), rows.text(row, 2))
        guard let ledger = LedgerID(Hex.encode(rows.bytes(row, 1))), Tenant.isValidName(name),
            Origin.isValid(origin), origin.utf8.reversed().starts(with: ledger.text.utf8.reversed())
        else { throw StoreError.corrupt("what is stored of a tenant is malformed") }
        return Tenant(
            name: name,
            ledger: ledger,
            origin: origin,
            createdAt: Timestamp(milliseconds: rows.integer(row, 3))
        )
    }

    // MARK: Values of the deployment

    package func value(_ key: String) async throws(StoreError) -> [UInt8]? {
        try await pool.use { connection in
            let rows = try connection.run("SELECT value FROM store WHERE key = $1", [.text(key)])
            return rows.count == 1 ? rows.bytes(0, 0) : nil
        }
    }

    package func keep(_ value: [UInt8], as key: String) async throws(StoreError) {
        try await pool.use(isWrite: true) { connection in
            _ = try connection.run(
                "INSERT INTO store VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [.text(key), .bytes(value)]
            )
        }
    }
}
