// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension DirectoryConformance {
    private static func key(
        _ number: UInt8,
        of tenant: String = "acme",
        expiresAt: Timestamp? = nil
    ) -> APIKey {
        let token = APIKeyToken(random: [UInt8](repeating: number, count: 38))
        return APIKey(
            id: token.id,
            tenant: tenant,
            name: "key \(number)",
            scopes: [.eventsRead, .ledgerVerify],
            hash: token.hash,
            createdAt: ManualClock.start.advanced(byMilliseconds: Int64(number)),
            expiresAt: expiresAt
        )
    }

    /// Makes the tenants that keys need, and keys.
    private static func make(_ keys: [APIKey], in directory: any Directory) async throws {
        try await directory.create(tenant("acme", 1))
        try await directory.create(tenant("other", 2))
        for key in keys { try await directory.create(key) }
    }

    /// What a directory promises of keys.
    static let keys: [DirectoryConformance] = [
        .init("A key is found as it was made, with its tenant's others in order") { directory in
            let made = [
                key(3), key(1, expiresAt: ManualClock.start), key(2), key(4, of: "other"),
            ]
            try await make(made, in: directory)
            let found = try await directory.keys(of: "acme")
            #expect(found == [made[1], made[2], made[0]])
            let none = try await directory.keys(of: "ACME")
            #expect(none.isEmpty)
        },
        .init("A viewer token that was revoked is told once, however often it was") { directory in
            try await make([], in: directory)
            let (first, second) = (
                String(repeating: "a", count: 32), String(repeating: "b", count: 32)
            )
            let start = ManualClock.start
            let end = start.advanced(byMilliseconds: 60_000)
            for id in [first, first, second] {
                try await directory.revokeViewer(id, of: "acme", at: start, until: end)
            }
            let all = try await directory.revokedViewers(since: 0)
            #expect(all.viewers == [first, second].map { RevokedViewer(id: $0, end: end) })
            let nothing = try await directory.revokedViewers(since: all.revision)
            #expect(nothing.viewers.isEmpty && nothing.revision == all.revision)
            let third = String(repeating: "c", count: 32)
            try await directory.revokeViewer(third, of: "other", at: start, until: end)
            let last = try await directory.revokedViewers(since: all.revision)
            #expect(last.viewers.map(\.id) == [third])
        },
        .init("An id that exists is a conflict and changes nothing") { directory in
            try await make([key(1)], in: directory)
            let refusal = await #expect(throws: StoreError.self) {
                try await directory.create(key(1, of: "other"))
            }
            #expect(refusal?.isConflict == true)
            let all = try await directory.keys(changedSince: 0)
            #expect(all.keys == [key(1)])
        },
        .init("What changed since a revision is told once, revocations too") { directory in
            let before = try await directory.keys(changedSince: 0)
            #expect(before.keys.isEmpty && before.revision == 0)
            try await make([key(1), key(2, of: "other")], in: directory)
            let first = try await directory.keys(changedSince: 0)
            #expect(Set(first.keys) == [key(1), key(2, of: "other")])
            let nothing = try await directory.keys(changedSince: first.revision)
            #expect(nothing.keys.isEmpty && nothing.revision == first.revision)
            _ = try await directory.revoke(key(1).id, of: "acme", at: ManualClock.start)
            let second = try await directory.keys(changedSince: first.revision)
            #expect(second.keys.map(\.id) == [key(1).id])
            #expect(second.keys.first?.revokedAt == ManualClock.start)
            #expect(second.revision > first.revision)
        },
        .init("A key is revoked by its own tenant, once") { directory in
            try await make([key(1)], in: directory)
            let stranger = try await directory.revoke(key(1).id, of: "other", at: ManualClock.start)
            #expect(stranger == nil)
            let unknown = try await directory.revoke("ffffffffffff", of: "acme", at: .epoch)
            #expect(unknown == nil)
            let revoked = try await directory.revoke(key(1).id, of: "acme", at: ManualClock.start)
            #expect(revoked?.revokedAt == ManualClock.start)
            let again = try await directory.revoke(key(1).id, of: "acme", at: .epoch)
            #expect(again == revoked)
        },
        .init("The time of a key's last use only grows, and is no change of the key") { directory in
            try await make([key(1)], in: directory)
            let revision = try await directory.keys(changedSince: 0).revision
            let later = ManualClock.start.advanced(byMilliseconds: 5)
            try await directory.noteUses([key(1).id: later, "ffffffffffff": later])
            try await directory.noteUses([key(1).id: ManualClock.start])
            let found = try await directory.keys(of: "acme")
            #expect(found.map(\.lastUsedAt) == [later])
            let changed = try await directory.keys(changedSince: revision)
            #expect(changed.keys.isEmpty)
        },
    ]
}
