// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import GRDB

extension LocalStore: Directory {
    package func tenant(named name: String) async throws(StoreError) -> Tenant? {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT \(LocalStore.columns) FROM tenants WHERE name = ?"
                )
                select.bind(1, name)
                guard try select.step() else { return nil }
                defer { select.reset() }
                return try LocalStore.tenant(select)
            }
        }
    }

    package func tenants() async throws(StoreError) -> [Tenant] {
        try await reading {
            try await pool.read { db in
                let select = try RawStatement(
                    db,
                    "SELECT \(LocalStore.columns) FROM tenants ORDER BY name"
                )
                defer { select.reset() }
                var tenants: [Tenant] = []
                while try select.step() {
                    tenants.append(try LocalStore.tenant(select))
                }
                return tenants
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
            }
        }
    }

    private static let columns = "name, ledger, origin, created_at"

    /// Reads a row, whatever became of it: what no tenant can have is damage, not a mistake of ours.
    private static func tenant(_ row: RawStatement) throws -> Tenant {
        let (name, origin) = (row.text(0), row.text(2))
        guard let ledger = LedgerID(row.text(1)), Tenant.isValidName(name),
            Origin.isValid(origin), origin.utf8.reversed().starts(with: ledger.text.utf8.reversed())
        else { throw StoreError.corrupt("what is stored of a tenant is malformed") }
        return Tenant(
            name: name,
            ledger: ledger,
            origin: origin,
            createdAt: Timestamp(nanoseconds: 0).advanced(byMilliseconds: row.integer(3))
        )
    }

    /// Says of which ledger there are records and no tenant, if there is one.
    static func orphan(_ db: Database) throws -> Int64? {
        let numbers = Set(try Int64.fetchAll(db, sql: "SELECT number FROM tenants"))
        let heads = try Int64.fetchAll(db, sql: "SELECT ledger FROM heads ORDER BY ledger")
        if let orphan = heads.first(where: { !numbers.contains($0) }) { return orphan }
        let select = try RawStatement(db, "SELECT place FROM entries WHERE place >= ? LIMIT 1")
        var next = Int64.min
        while true {
            select.bind(1, next)
            guard try select.step() else { return nil }
            let number = select.integer(0) >> Place.indexBits
            select.reset()
            guard numbers.contains(number) else { return number }
            next = Place.of(number + 1, 0)
        }
    }

    // MARK: Values of the deployment

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
