// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Testing

/// One thing every object store must do, as an argument for a parameterised test.
package struct ObjectStoreConformance: Sendable, CustomTestStringConvertible {
    /// A fresh, empty store, and the clock by which it keeps what is retained.
    package struct Subject: Sendable {
        /// The store.
        package let store: any ObjectStore
        /// The time that it goes by.
        package let now: @Sendable () -> Timestamp
        /// Lets so many milliseconds of that time pass.
        package let pass: @Sendable (Int64) async throws -> Void

        /// A store that goes by a clock which only the test moves.
        package init(_ store: any ObjectStore, clock: ManualClock) {
            self.store = store
            now = { clock.now }
            pass = { clock.advance(milliseconds: $0) }
        }

        /// A store that goes by the world's clock.
        package init(_ store: any ObjectStore, now: @escaping @Sendable () -> Timestamp) {
            self.store = store
            self.now = now
            pass = { try await Task.sleep(for: .milliseconds($0)) }
        }
    }

    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty store.
    package let check: @Sendable (Subject) async throws -> Void

    init(
        _ testDescription: String,
        check: @escaping @Sendable (Subject) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    /// Every promise an object store makes.
    package static let all = unlocked + locks

    /// Those that need no retaining or holding.
    package static let unlocked = basics + puts + reads + lists

    /// Larger than what any store takes in one piece.
    static let largeCount = 17 << 20

    static func key(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }

    static func options(_ set: (inout ObjectOptions) -> Void) -> ObjectOptions {
        var options = ObjectOptions()
        set(&options)
        return options
    }

    private static let basics: [ObjectStoreConformance] = [
        .init("An object that was never put is missing") { subject in
            let store = subject.store
            let key = try key("a/b")
            #expect(try await store.facts(of: key) == nil)
            await #expect(throws: ObjectError.missing) { _ = try await store.get(key, range: nil) }
            await #expect(throws: ObjectError.missing) {
                _ = try await store.get(key, range: 0..<1)
            }
            await #expect(throws: ObjectError.missing) { try await store.hold(key, true) }
            await #expect(throws: ObjectError.missing) {
                try await store.retain(key, until: subject.now().advanced(byMilliseconds: 60_000))
            }
            try await store.delete(key)
            #expect(try await store.list(prefix: "", after: nil, limit: 10).isEmpty)
        },
        .init("What is known of an object is what it was put with") { subject in
            let key = try key("exports/2026/report.csv")
            let options = options {
                $0.mediaType = "text/csv; charset=utf-8"
                $0.metadata = ["job": "j-1", "made-by": "a b, c = d"]
            }
            let put = try await subject.store.put(key, SampleBytes(300).stream, as: options)
            let facts = try #require(try await subject.store.facts(of: key))
            let got = try await subject.store.get(key, range: nil).facts
            for facts in [put, facts, got] {
                #expect(facts.key == key && facts.size == 300)
                #expect(facts.mediaType == "text/csv; charset=utf-8")
                #expect(facts.metadata == ["job": "j-1", "made-by": "a b, c = d"])
                #expect(facts.retainUntil == nil && !facts.isHeld)
                let age = subject.now().milliseconds - facts.modifiedAt.milliseconds
                #expect((-60_000...60_000).contains(age))
            }
        },
        .init("What is said with an object is within limits, or refused") { subject in
            let key = try key("a")
            let bad: [[String: String]] = [
                ["Upper": "a"], ["": "a"], ["a_b": "a"], ["a": "line\nfeed"], ["a": "é"],
                ["a": " led"], ["a": String(repeating: "x", count: 2048)], ["cairn-put": "x"],
            ]
            for metadata in bad {
                let options = options { $0.metadata = metadata }
                await #expect(throws: ObjectError.self, "\(metadata)") {
                    _ = try await subject.store.put(key, SampleBytes(1).stream, as: options)
                }
            }
            for type in ["", "text/plain\r\nx-a: b", String(repeating: "x", count: 257)] {
                await #expect(throws: ObjectError.self, "\(type)") {
                    let options = options { $0.mediaType = type }
                    _ = try await subject.store.put(key, SampleBytes(1).stream, as: options)
                }
            }
            #expect(try await subject.store.facts(of: key) == nil)
        },
        .init("A way of storing is told as it was asked for, where there are several") { subject in
            let key = try key("a")
            let options = options { $0.storageClass = "STANDARD" }
            _ = try await subject.store.put(key, SampleBytes(9).stream, as: options)
            let told = try await subject.store.facts(of: key)?.storageClass
            #expect(told == nil || told == "STANDARD")
        },
        .init("An object that was deleted is gone, and may be put again") { subject in
            let (store, key) = (subject.store, try key("a/b/c"))
            let fresh = options { $0.onlyIfAbsent = true }
            for seed: UInt8 in 0..<3 {
                _ = try await store.put(key, SampleBytes(100, seed: seed).stream, as: fresh)
                let read = try await ReadBytes.array(store.get(key, range: nil).bytes)
                #expect(read == SampleBytes(100, seed: seed).array)
                try await store.delete(key)
                #expect(try await store.facts(of: key) == nil)
                #expect(try await store.list(prefix: "a", after: nil, limit: 9).isEmpty)
                try await store.delete(key)
            }
        },
        .init("Objects that are put at the same time do not disturb each other") { subject in
            let store = subject.store
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number: UInt8 in 0..<20 {
                    let key = try key("many/\(number)/object")
                    group.addTask {
                        let bytes = SampleBytes(1000 + Int(number), seed: number)
                        _ = try await store.put(key, bytes.stream, as: ObjectOptions())
                    }
                }
                try await group.waitForAll()
            }
            for number: UInt8 in 0..<20 {
                let got = try await store.get(key("many/\(number)/object"), range: nil)
                let read = try await ReadBytes.array(got.bytes)
                #expect(read == SampleBytes(1000 + Int(number), seed: number).array)
            }
        },
    ]
}
