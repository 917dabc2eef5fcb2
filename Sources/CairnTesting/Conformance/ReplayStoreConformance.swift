// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Testing

/// One thing every store of replays must do, as an argument for a parameterised test.
package struct ReplayStoreConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty store.
    package let check: @Sendable (any ReplayStore) async throws -> Void

    private init(
        _ testDescription: String,
        check: @escaping @Sendable (any ReplayStore) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    private static let request = Digest.sha256([1])
    private static let fingerprint = Digest.sha256([2])
    private static let start = ManualClock.start
    private static let answer = KeptAnswer(status: 201, location: "/v1/x", body: [1, 2, 3])

    private static func begin(
        _ store: any ReplayStore,
        _ request: Digest = request,
        _ fingerprint: Digest = fingerprint,
        after milliseconds: Int64 = 0
    ) async throws -> ReplayState {
        let now = start.advanced(byMilliseconds: milliseconds)
        return try await store.begin(
            request,
            fingerprint: fingerprint,
            at: now,
            abandonedBefore: now.advanced(byMilliseconds: -60_000)
        )
    }

    private static func expect(
        _ expected: ReplayState,
        _ store: any ReplayStore,
        _ request: Digest = request,
        _ fingerprint: Digest = fingerprint,
        after milliseconds: Int64 = 0
    ) async throws {
        let state = try await begin(store, request, fingerprint, after: milliseconds)
        #expect(state == expected)
    }

    /// Every promise a store of replays makes.
    package static let all: [ReplayStoreConformance] = [
        .init("A request is carried out once, and its answer is kept whole") { store in
            try await expect(.fresh, store)
            try await expect(.running, store)
            try await store.finish(request, with: answer)
            try await expect(.answered(answer), store)
            let bare = KeptAnswer(status: 200, location: nil, body: nil)
            try await expect(.fresh, store, .sha256([3]))
            try await store.finish(.sha256([3]), with: bare)
            try await expect(.answered(bare), store, .sha256([3]))
        },
        .init("Another request under the same name is told apart, running or answered") { store in
            try await expect(.fresh, store)
            try await expect(.reused, store, request, .sha256([9]))
            try await store.finish(request, with: answer)
            try await expect(.reused, store, request, .sha256([9]))
        },
        .init("One that came to nothing is fresh again; one that was answered is not") { store in
            try await expect(.fresh, store)
            try await store.abandon(request)
            try await expect(.fresh, store)
            try await store.finish(request, with: answer)
            try await store.abandon(request)
            try await expect(.answered(answer), store)
        },
        .init("One that nobody finished is taken over after a while, by one alone") { store in
            try await expect(.fresh, store)
            try await expect(.running, store, after: 60_000)
            try await expect(.fresh, store, after: 60_001)
            try await expect(.running, store, after: 60_002)
        },
        .init("Of many at once one is fresh") { store in
            let fresh = try await withThrowingTaskGroup(of: ReplayState.self) { group in
                for _ in 0..<20 { group.addTask { try await begin(store) } }
                return try await group.reduce(0) { $0 + ($1 == .fresh ? 1 : 0) }
            }
            #expect(fresh == 1)
        },
        .init("What is old is forgotten, and nothing else") { store in
            try await expect(.fresh, store)
            try await store.finish(request, with: answer)
            try await expect(.fresh, store, .sha256([3]), after: 10)
            try await store.forget(before: start.advanced(byMilliseconds: 10))
            try await expect(.running, store, .sha256([3]), after: 10)
            try await expect(.fresh, store)
        },
    ]
}
