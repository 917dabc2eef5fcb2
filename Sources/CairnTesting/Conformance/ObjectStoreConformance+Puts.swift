// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension ObjectStoreConformance {
    private struct Torn: Error {}

    /// Promises of writing.
    static let puts: [ObjectStoreConformance] = [
        .init("What was put is what is read, whatever its length") { subject in
            let key = try key("a")
            for count in [0, 1, 65_521, 300_000, largeCount] {
                let sample = SampleBytes(count)
                let put = try await subject.store.put(key, sample.stream, as: ObjectOptions())
                #expect(put.size == UInt64(count))
                let got = try await subject.store.get(key, range: nil)
                #expect(got.facts.size == UInt64(count))
                let read = try await ReadBytes.digest(got.bytes)
                #expect(read.count == count && read.digest == sample.digest)
            }
        },
        .init("A put takes the place of the object, with all that was said of it") { subject in
            let key = try key("a")
            let first = options {
                $0.mediaType = "text/plain"
                $0.metadata = ["old": "yes"]
            }
            _ = try await subject.store.put(key, SampleBytes(500).stream, as: first)
            _ = try await subject.store.put(key, SampleBytes(20, seed: 1).stream, as: .init())
            let got = try await subject.store.get(key, range: nil)
            #expect(got.facts.metadata.isEmpty && got.facts.mediaType == ObjectOptions().mediaType)
            let read = try await ReadBytes.array(got.bytes)
            #expect(read == SampleBytes(20, seed: 1).array)
            #expect(try await subject.store.list(prefix: "", after: nil, limit: 9).count == 1)
        },
        .init("A put of an absent object alone leaves one that is there") { subject in
            let key = try key("a")
            let fresh = options { $0.onlyIfAbsent = true }
            _ = try await subject.store.put(key, SampleBytes(50).stream, as: fresh)
            for count in [50, largeCount] {
                await #expect(throws: ObjectError.exists) {
                    let other = SampleBytes(count, seed: 1)
                    _ = try await subject.store.put(key, other.stream, as: fresh)
                }
            }
            let read = try await ReadBytes.array(subject.store.get(key, range: nil).bytes)
            #expect(read == SampleBytes(50).array)
        },
        .init("Of many that put an absent object at once, one does, and the others are told") {
            subject in
            try await race(8, bytes: 5_000, in: subject.store)
        },
        .init("Bytes that fail leave nothing, and what was there") { subject in
            let (store, key) = (subject.store, try key("a/b"))
            for count in [0, 100_000, largeCount] {
                await #expect(throws: Torn.self) {
                    let bytes = SampleBytes(count).stream(throwing: Torn())
                    _ = try await store.put(key, bytes, as: ObjectOptions())
                }
                #expect(try await store.facts(of: key) == nil)
            }
            _ = try await store.put(key, SampleBytes(7).stream, as: ObjectOptions())
            await #expect(throws: Torn.self) {
                let bytes = SampleBytes(100_000, seed: 1).stream(throwing: Torn())
                _ = try await store.put(key, bytes, as: ObjectOptions())
            }
            let read = try await ReadBytes.array(store.get(key, range: nil).bytes)
            #expect(read == SampleBytes(7).array)
        },
        .init("A put that is cancelled leaves nothing") { subject in
            let (store, key) = (subject.store, try key("a/b"))
            for count in [100, largeCount] {
                let (reached, reach) = AsyncStream<Void>.makeStream()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        await #expect(throws: (any Error).self) {
                            let bytes = SampleBytes(count).stream { reach.yield() }
                            _ = try await store.put(key, bytes, as: ObjectOptions())
                        }
                        reach.finish()
                    }
                    for await _ in reached { break }
                    group.cancelAll()
                }
                #expect(try await store.facts(of: key) == nil)
                #expect(try await store.list(prefix: "", after: nil, limit: 9).isEmpty)
            }
        },
        .init("Bytes that are not those promised are refused, and nothing is written") { subject in
            let (store, key) = (subject.store, try key("a"))
            for count in [0, 1000, largeCount] {
                let sample = SampleBytes(count, seed: 1)
                let wrong = options { $0.sha256 = SampleBytes(1000, seed: 2).digest }
                await #expect(throws: ObjectError.checksum) {
                    _ = try await store.put(key, sample.stream, as: wrong)
                }
                #expect(try await store.facts(of: key) == nil)
                let right = options { $0.sha256 = sample.digest }
                _ = try await store.put(key, sample.stream, as: right)
                await #expect(throws: ObjectError.checksum) {
                    _ = try await store.put(key, sample.stream, as: wrong)
                }
                let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
                #expect(read.digest == sample.digest)
                try await store.delete(key)
            }
        },
    ]

    static let longRace = ObjectStoreConformance(
        "Of many that put a long absent object at once, one does, and the others are told"
    ) { subject in
        try await race(3, bytes: 9 << 20, in: subject.store)
    }

    /// Lets rivals put an absent object at once.
    private static func race(
        _ rivals: UInt8,
        bytes count: Int,
        in store: any ObjectStore
    ) async throws {
        let key = try key("race/a")
        let fresh = options { $0.onlyIfAbsent = true }
        let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
            for seed in 0..<rivals {
                group.addTask {
                    do throws(ObjectError) {
                        let bytes = SampleBytes(count, seed: seed).stream
                        _ = try await put(key, bytes, as: fresh, to: store)
                        return seed
                    } catch .exists {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        let winner = try #require(winners.first)
        #expect(winners.count == 1)
        let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
        #expect(read.digest == SampleBytes(count, seed: winner).digest)
    }

    /// Puts, where nothing but the store's own errors can come.
    private static func put(
        _ key: ObjectKey,
        _ bytes: ObjectBytes,
        as options: ObjectOptions,
        to store: any ObjectStore
    ) async throws(ObjectError) -> ObjectFacts {
        do {
            return try await store.put(key, bytes, as: options)
        } catch let error as ObjectError {
            throw error
        } catch {
            throw .unavailable("\(error)")
        }
    }
}
