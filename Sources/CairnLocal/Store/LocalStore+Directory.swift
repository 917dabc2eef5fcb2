// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore: Directory {
    package func tenant(named name: String) async throws(StoreError) -> Tenant? {
        try await reading {
            try await pool.read { db in
                try Row.fetchOne(db, sql: "SELECT * FROM tenants WHERE name = ?", arguments: [name])
                    .map(LocalStore.tenant)
            }
        }
    }

    package func tenants() async throws(StoreError) -> [Tenant] {
        try await reading {
            try await pool.read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM tenants ORDER BY name")
                    .map(LocalStore.tenant)
            }
        }
    }

    package func create(_ tenant: Tenant) async throws(StoreError) {
        let head = Head.empty(origin: tenant.origin)
        try await writing {
            try await pool.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO tenants (name, ledger, origin, created_at)
                        VALUES (?, ?, ?, ?)
                        """,
                    arguments: [
                        tenant.name, tenant.ledger.text, tenant.origin,
                        tenant.createdAt.milliseconds,
                    ]
                )
                let number = db.lastInsertedRowID
                let insert = try RawStatement(
                    db,
                    "INSERT INTO heads VALUES (?, 0, zeroblob(0), ?, ?, 0, 0)"
                )
                insert.bind(1, number)
                insert.bind(2, head.frontier.root)
                insert.bind(3, head.chain)
                try insert.run()
                try db.execute(sql: "INSERT INTO merged VALUES (?, 0)", arguments: [number])
            }
        }
    }

    private static func tenant(_ row: Row) throws -> Tenant {
        guard let ledger = LedgerID(row["ledger"] as String) else {
            throw StoreError.corrupt("a tenant's ledger id is malformed")
        }
        return Tenant(
            name: row["name"],
            ledger: ledger,
            origin: row["origin"],
            createdAt: Timestamp(milliseconds: row["created_at"])
        )
    }

    /// A value that belongs to the store as a whole, such as the origin's prefix.
    package func value(_ key: String) async throws(StoreError) -> [UInt8]? {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(db, "SELECT value FROM store WHERE key = ?")
                select.bind(1, key)
                guard try select.step() else { return nil }
                defer { select.reset() }
                return select.bytes(0)
            }
        }
    }

    /// Keeps a value that belongs to the store as a whole; one that is there already stays.
    package func keep(_ value: [UInt8], as key: String) async throws(StoreError) {
        try await writing {
            try await pool.write { db in
                let insert = try RawStatement(
                    db,
                    "INSERT INTO store VALUES (?, ?) ON CONFLICT DO NOTHING"
                )
                insert.bind(1, key)
                insert.bind(2, value)
                try insert.run()
            }
        }
    }
}
