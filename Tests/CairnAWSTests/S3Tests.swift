// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Cairn
import CairnLedger
import CairnTesting
import NIOHTTP1
import Testing

@testable import CairnAWS

@Suite(
    "A bucket keeps objects",
    .enabled(if: SeaweedServer.isInstalled, "skipped: SeaweedFS is not installed")
)
struct S3Tests {
    @Test("A bucket keeps the promises of objects", arguments: ObjectStoreConformance.all)
    func objects(keeps promise: ObjectStoreConformance) async throws {
        try await TestBucket.locked.withStore { store in
            try await promise.check(.init(store, now: TestBucket.now))
        }
    }

    @Test(
        "A bucket without locks keeps all other promises",
        arguments: ObjectStoreConformance.unlocked
    )
    func unlocked(keeps promise: ObjectStoreConformance) async throws {
        try await TestBucket.plain.withStore { store in
            try await promise.check(.init(store, now: TestBucket.now))
        }
    }

    @Test("A bucket without locks retains and holds nothing, and says so")
    func hasNoLocks() async throws {
        let key = try #require(ObjectKey("a"))
        try await TestBucket.plain.withStore { store in
            _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
            let until = TestBucket.now().advanced(byMilliseconds: 60_000)
            await #expect(throws: ObjectError.self) { try await store.retain(key, until: until) }
            await #expect(throws: ObjectError.self) { try await store.hold(key, true) }
            var options = ObjectOptions()
            options.retainUntil = until
            await #expect(throws: ObjectError.self) {
                _ = try await store.put(key, SampleBytes(6).stream, as: options)
            }
            #expect(try await store.facts(of: key)?.size == 5)
        }
    }

    @Test("What is retained is locked by the bucket itself, whoever asks and however")
    func compliance() async throws {
        try await TestBucket.locked.withStore { store in
            var options = ObjectOptions()
            options.retainUntil = TestBucket.now().advanced(byMilliseconds: 3_600_000)
            for count in [100, 9 << 20] {
                let sample = SampleBytes(count)
                let key = try #require(ObjectKey("a/\(count)"))
                _ = try await store.put(key, sample.stream, as: options)
                let head = try await store.head(key)
                let version = try #require(head?.first(name: "x-amz-version-id"))
                #expect(head?.first(name: "x-amz-object-lock-mode") == "COMPLIANCE")
                var request = S3Request(method: .DELETE, key: key)
                request.query = [("versionId", version)]
                await #expect(throws: S3Client.Refusal.self) {
                    _ = try await store.client.ask(request)
                }
                request.headers = [("x-amz-bypass-governance-retention", "true")]
                await #expect(throws: S3Client.Refusal.self) {
                    _ = try await store.client.ask(request)
                }
                let sooner = TestBucket.now().advanced(byMilliseconds: 60_000)
                await #expect(throws: ObjectError.self) {
                    try await store.set(
                        "retention",
                        of: key,
                        "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>"
                            + "\(S3Headers.text(sooner))</RetainUntilDate></Retention>"
                    )
                }
                let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
                #expect(read.digest == sample.digest)
            }
        }
    }

    @Test("A key that is wrong, unknown or of a reader does not write")
    func rights() async throws {
        let key = try #require(ObjectKey("a"))
        let prefix = TestBucket.freshPrefix()
        try await TestBucket.plain.withStore(.init(prefix: prefix)) { store in
            _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
        }
        let owner = SeaweedServer.owner
        let strangers = [
            SeaweedServer.Identity(id: owner.id, secret: "wrong"),
            SeaweedServer.Identity(id: "NOBODYEXAMPLE", secret: owner.secret),
        ]
        for identity in strangers {
            try await TestBucket.plain.withStore(.init(identity: identity, prefix: prefix)) {
                store in
                for refusal in await refusals(of: store, key) {
                    guard case .refused(let reason) = refusal else {
                        Issue.record("\(refusal) is no refusal")
                        continue
                    }
                    #expect(!reason.contains(identity.id) && !reason.contains("127.0.0.1"))
                }
            }
        }
        let reader = TestBucket.Options(identity: SeaweedServer.reader, prefix: prefix)
        try await TestBucket.plain.withStore(reader) { store in
            let got = try await store.get(key, range: nil)
            #expect(try await ReadBytes.array(got.bytes) == SampleBytes(5).array)
            await #expect(throws: ObjectError.refused("S3 says AccessDenied")) {
                _ = try await store.put(key, SampleBytes(5).stream, as: ObjectOptions())
            }
            await #expect(throws: ObjectError.refused("S3 says AccessDenied")) {
                _ = try await store.put(key, SampleBytes(20 << 20).stream, as: ObjectOptions())
            }
            await #expect(throws: ObjectError.refused("S3 says AccessDenied")) {
                try await store.delete(key)
            }
        }
    }

    /// What everything that may be asked of a store is refused with.
    private func refusals(of store: S3ObjectStore, _ key: ObjectKey) async -> [ObjectError] {
        var found: [ObjectError] = []
        func expect(_ body: () async throws -> Void) async {
            do {
                try await body()
                Issue.record("a stranger was let in")
            } catch let error as ObjectError {
                found.append(error)
            } catch {
                Issue.record(error)
            }
        }
        await expect { _ = try await store.get(key, range: nil) }
        await expect { _ = try await store.facts(of: key) }
        await expect { _ = try await store.list(prefix: "", after: nil, limit: 1) }
        await expect { try await store.delete(key) }
        await expect { _ = try await store.put(key, SampleBytes(1).stream, as: ObjectOptions()) }
        return found
    }

    @Test("A bucket that is not there is told as such, and not as a missing object")
    func noBucket() async throws {
        let server = try SeaweedServer.running()
        let key = try #require(ObjectKey("a"))
        try await TestBucket.withStore(
            named: "cairn-nowhere",
            .init(),
            endpoint: server.endpoint,
            prefix: ""
        ) { store in
            await #expect(throws: ObjectError.refused("there is no such bucket")) {
                _ = try await store.get(key, range: nil)
            }
            await #expect(throws: ObjectError.refused("there is no such bucket")) {
                _ = try await store.list(prefix: "", after: nil, limit: 1)
            }
        }
    }

    @Test("An upload that fails or is cancelled leaves no parts in the bucket")
    func aborted() async throws {
        struct Torn: Error {}
        let key = try #require(ObjectKey("a"))
        try await TestBucket.plain.withStore { store in
            await #expect(throws: Torn.self) {
                let bytes = SampleBytes(20 << 20).stream(throwing: Torn())
                _ = try await store.put(key, bytes, as: ObjectOptions())
            }
            var left = try await uploads(store)
            #expect(left == 0)
            let (reached, reach) = AsyncStream<Void>.makeStream()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let bytes = SampleBytes(20 << 20).stream { reach.yield() }
                    _ = try? await store.put(key, bytes, as: ObjectOptions())
                }
                for await _ in reached { break }
                group.cancelAll()
            }
            left = try await uploads(store)
            #expect(left == 0)
            #expect(try await store.facts(of: key) == nil)
        }
    }

    /// How many uploads are unfinished under a store's prefix.
    private func uploads(_ store: S3ObjectStore) async throws -> Int {
        var request = S3Request(method: .GET)
        request.query = [("uploads", ""), ("prefix", store.client.bucket.prefix)]
        let root = try await XMLNode(parsing: store.client.ask(request).body)
        return root.children.count { $0.name == "Upload" }
    }
}
