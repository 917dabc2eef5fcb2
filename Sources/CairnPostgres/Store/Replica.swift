// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Synchronization

/// A copy of the database that follows it, from which what is old enough may be read.
final class Replica: Sendable {
    /// How long a replica is left alone that failed.
    private static let rest = Duration.seconds(5)
    private static let look = Duration.milliseconds(10)

    let pool: PostgresPool
    private let staleness: Duration
    private let restsUntil = Mutex<ContinuousClock.Instant?>(nil)

    init(_ pool: PostgresPool, staleness: Duration) {
        self.pool = pool
        self.staleness = staleness
    }

    /// What `body` reads once the replica has the first `size` records of a ledger; nil when it
    /// does not get so far in time, or fails.
    func read<Value: Sendable>(
        _ ledger: LedgerID,
        of size: UInt64,
        _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async -> Value? {
        let clock = ContinuousClock()
        let start = clock.now
        guard restsUntil.withLock({ $0.map { $0 <= start } ?? true }) else { return nil }
        do {
            while true {
                let value = try await pool.use { connection -> Value? in
                    let rows = try connection.run(
                        "SELECT size FROM heads WHERE ledger = $1",
                        [.uuid(ledger)]
                    )
                    guard rows.count == 1, UInt64(clamping: rows.integer(0, 0)) >= size else {
                        return nil
                    }
                    return try body(connection)
                }
                if let value { return value }
                guard start.duration(to: clock.now) < staleness else { return nil }
                try await Task.sleep(for: Self.look)
            }
        } catch {
            // The primary has it all; who waits for a replica that is gone waits for nothing.
            if case StoreError.unavailable = error {
                restsUntil.withLock { $0 = clock.now + Self.rest }
            }
            return nil
        }
    }
}

extension PostgresStore {
    /// Reads what is derived from the first `size` records of a ledger, from the replica if there
    /// is one that has them.
    func read<Value: Sendable>(
        _ ledger: LedgerID,
        of size: UInt64,
        _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        if let value = await replica?.read(ledger, of: size, body) { return value }
        return try await pool.use(body)
    }
}
