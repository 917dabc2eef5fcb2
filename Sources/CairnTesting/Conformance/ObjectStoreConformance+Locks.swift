// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension ObjectStoreConformance {
    /// A time of whole seconds, which every store keeps as it is.
    private static func seconds(_ count: Int64, after now: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (now.milliseconds / 1000 + count) * 1000)
    }

    private static func expectLocked(_ key: ObjectKey, in store: any ObjectStore) async throws {
        await #expect(throws: ObjectError.locked) { try await store.delete(key) }
        await #expect(throws: ObjectError.locked) {
            _ = try await store.put(key, SampleBytes(9, seed: 9).stream, as: ObjectOptions())
        }
        await #expect(throws: ObjectError.exists) {
            let fresh = options { $0.onlyIfAbsent = true }
            _ = try await store.put(key, SampleBytes(9, seed: 9).stream, as: fresh)
        }
        let read = try await ReadBytes.array(store.get(key, range: nil).bytes)
        #expect(read == SampleBytes(100).array)
    }

    /// Promises of what is kept from change.
    static let locks: [ObjectStoreConformance] = [
        .init("What is retained is neither deleted nor replaced") { subject in
            let (store, key) = (subject.store, try key("a/b"))
            let until = seconds(3600, after: subject.now())
            _ = try await store.put(key, SampleBytes(100).stream, as: .init())
            try await store.retain(key, until: until)
            #expect(try await store.facts(of: key)?.retainUntil == until)
            try await expectLocked(key, in: store)
            let from = options { $0.retainUntil = until }
            let other = try ObjectStoreConformance.key("a/c")
            _ = try await store.put(other, SampleBytes(100).stream, as: from)
            let facts = try await store.facts(of: other)
            #expect(facts?.retainUntil == until && facts?.isHeld == false)
            try await expectLocked(other, in: store)
        },
        .init("The time until which an object is retained only moves later") { subject in
            let (store, key) = (subject.store, try key("a"))
            let until = seconds(3600, after: subject.now())
            let from = options { $0.retainUntil = until }
            _ = try await store.put(key, SampleBytes(100).stream, as: from)
            for earlier in [seconds(60, after: subject.now()), seconds(-60, after: subject.now())] {
                try await store.retain(key, until: earlier)
                #expect(try await store.facts(of: key)?.retainUntil == until)
            }
            let later = seconds(7200, after: subject.now())
            try await store.retain(key, until: later)
            #expect(try await store.facts(of: key)?.retainUntil == later)
            try await expectLocked(key, in: store)
        },
        .init("What was retained is deleted or replaced when its time is over") { subject in
            let (store, first, second) = (subject.store, try key("a"), try key("b"))
            let until = seconds(6, after: subject.now())
            let from = options { $0.retainUntil = until }
            for key in [first, second] {
                _ = try await store.put(key, SampleBytes(100).stream, as: from)
            }
            do {
                try await store.delete(first)
                #expect(subject.now() >= until)
            } catch {
                #expect(error as? ObjectError == .locked)
            }
            let rest = until.milliseconds - subject.now().milliseconds
            try await subject.pass(max(rest, 0) + 1_000)
            try await store.delete(first)
            #expect(try await store.facts(of: first) == nil)
            _ = try await store.put(second, SampleBytes(3).stream, as: .init())
            #expect(try await store.facts(of: second)?.size == 3)
        },
        .init("What is held is neither deleted nor replaced until that is ended") { subject in
            let (store, key) = (subject.store, try key("a/b"))
            _ = try await store.put(key, SampleBytes(100).stream, as: .init())
            try await store.hold(key, true)
            try await store.hold(key, true)
            #expect(try await store.facts(of: key)?.isHeld == true)
            try await expectLocked(key, in: store)
            try await store.hold(key, false)
            #expect(try await store.facts(of: key)?.isHeld == false)
            try await store.delete(key)

            let held = options { $0.isHeld = true }
            _ = try await store.put(key, SampleBytes(100).stream, as: held)
            try await expectLocked(key, in: store)
            try await store.hold(key, false)
            _ = try await store.put(key, SampleBytes(5).stream, as: .init())
            #expect(try await store.facts(of: key)?.isHeld == false)
        },
        .init("Holding and retaining do not end each other") { subject in
            let (store, key) = (subject.store, try key("a"))
            let until = seconds(3600, after: subject.now())
            let both = options {
                $0.retainUntil = until
                $0.isHeld = true
            }
            _ = try await store.put(key, SampleBytes(100).stream, as: both)
            try await store.hold(key, false)
            #expect(try await store.facts(of: key)?.retainUntil == until)
            try await expectLocked(key, in: store)
            try await store.hold(key, true)
            try await store.retain(key, until: until.advanced(byMilliseconds: 1000))
            #expect(try await store.facts(of: key)?.isHeld == true)
        },
    ]
}
