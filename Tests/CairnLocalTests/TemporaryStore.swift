// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Foundation
import GRDB

@testable import CairnLocal

/// Runs `body` with a folder of its own, which is gone afterwards.
@discardableResult
func withTemporaryFolder<Result>(
    _ body: (String) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("cairn-tests-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// Runs `body` with an empty store on disk.
@discardableResult
func withTemporaryStore<Result>(
    _ body: (LocalStore) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let store = try await LocalStore.open(at: folder)
        let result = try await body(store)
        try await store.close()
        return result
    }
}

/// A ledger on disk with its signer, for tests that close and open it.
struct LedgerOnDisk {
    let folder: String
    let signer: MemorySigner
    let clock: ManualClock
    let tenant: Tenant

    /// Makes a store in `folder` with `count` records and checkpoints at some sizes.
    static func make(in folder: String, count: Int, seed: UInt64 = 1) async throws -> LedgerOnDisk {
        let disk = LedgerOnDisk(
            folder: folder,
            signer: MemorySigner(),
            clock: ManualClock(),
            tenant: .example
        )
        let store = try await LocalStore.open(at: folder)
        try await store.create(disk.tenant)
        var sampler = EventSampler(seed: seed)
        try await disk.append(count, to: store, sampler: &sampler)
        try await store.close()
        return disk
    }

    func append(_ count: Int, to store: LocalStore, sampler: inout EventSampler) async throws {
        let ledger = try await open(store)
        var left = count
        while left > 0 {
            let next = min(left, 100)
            _ = await ledger.append(sampler.prepared(next))
            _ = try await ledger.checkpoint()
            clock.advance(milliseconds: 50)
            left -= next
        }
    }

    func open(_ store: LocalStore) async throws -> Ledger {
        try await Ledger(
            tenant,
            store: store,
            signer: signer,
            vault: nil,
            clock: clock.server
        )
    }

    func audit(
        _ store: LocalStore,
        _ scope: AuditScope = AuditScope()
    ) async throws -> AuditReport {
        try await Auditor(
            tenant: tenant,
            store: store,
            keys: [signer.verifierKey(for: tenant.origin)]
        ).audit(scope)
    }

    /// Opens the store, audits it with its index, and returns the faults.
    func faults(_ scope: AuditScope = AuditScope()) async throws -> [Fault] {
        let store = try await LocalStore.open(at: folder, mode: .readOnly)
        let report = try await audit(store, scope)
        guard report.holds else { return report.faults }
        return try await store.check(in: tenant.ledger, progress: { _ in }).map { [$0] } ?? []
    }

    /// Changes the file behind the store's back, as somebody with the disk could.
    func tamper(_ statements: String) throws {
        let queue = try DatabaseQueue(path: folder + "/" + LocalStore.fileName)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: "ATTACH ? AS search",
                arguments: [folder + "/" + IndexFile.fileName]
            )
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            for table in ["entries", "checkpoints"] {
                for verb in ["update", "delete"] {
                    try db.execute(sql: "DROP TRIGGER IF EXISTS \(table)_refuse_\(verb)")
                }
            }
            try db.execute(sql: statements)
        }
        try queue.close()
    }
}
