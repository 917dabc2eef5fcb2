// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Testing

extension ObjectStoreConformance {
    /// Promises of reading.
    static let reads: [ObjectStoreConformance] = [
        .init("A part of an object is read, and what is beyond its end is left out") { subject in
            let key = try key("a")
            let all = SampleBytes(100_000).array
            _ = try await subject.store.put(key, SampleBytes(100_000).stream, as: .init())
            let ranges: [Range<UInt64>] = [
                0..<1, 0..<100_000, 10..<20, 65_000..<66_000, 99_999..<100_000, 99_990..<200_000,
                100_000..<100_010, 200_000..<300_000, 5..<5, 0..<UInt64(Int64.max),
            ]
            for range in ranges {
                let got = try await subject.store.get(key, range: range)
                #expect(got.facts.size == 100_000)
                let read = try await ReadBytes.array(got.bytes)
                let end = Int(min(range.upperBound, 100_000))
                let expected = all[min(Int(range.lowerBound), end)..<end]
                #expect(read == Array(expected), "\(range)")
            }
        },
        .init("A part of an empty object is empty") { subject in
            let key = try key("a")
            _ = try await subject.store.put(key, SampleBytes(0).stream, as: .init())
            for range: Range<UInt64> in [0..<0, 0..<1, 5..<9] {
                let got = try await subject.store.get(key, range: range)
                #expect(got.facts.size == 0)
                #expect(try await ReadBytes.array(got.bytes).isEmpty)
            }
        },
        .init("Many read an object at once") { subject in
            let (store, key) = (subject.store, try key("a"))
            let sample = SampleBytes(1 << 20)
            _ = try await store.put(key, sample.stream, as: .init())
            let digest = sample.digest
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let read = try await ReadBytes.digest(store.get(key, range: nil).bytes)
                        #expect(read.digest == digest)
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    /// Promises of listing.
    static let lists: [ObjectStoreConformance] = [
        .init("A list has the objects under a prefix, in order, behind a key") { subject in
            let store = subject.store
            let names = ["b/2", "b/1", "a/x/1", "a/y", "c", "b/10", "B/1", "b_/1"]
            for name in names {
                _ = try await store.put(key(name), SampleBytes(name.utf8.count).stream, as: .init())
            }
            func list(
                _ prefix: String,
                _ after: String? = nil,
                _ limit: Int = 100
            ) async throws
                -> [String]
            {
                let after = try after.map { try key($0) }
                return try await store.list(prefix: prefix, after: after, limit: limit)
                    .map(\.key.text)
            }
            let sorted = ["B/1", "a/x/1", "a/y", "b/1", "b/10", "b/2", "b_/1", "c"]
            #expect(try await list("") == sorted)
            #expect(try await list("b/") == ["b/1", "b/10", "b/2"])
            #expect(try await list("b") == ["b/1", "b/10", "b/2", "b_/1"])
            #expect(try await list("b/1") == ["b/1", "b/10"])
            #expect(try await list("a/x") == ["a/x/1"])
            #expect(try await list("d").isEmpty)
            #expect(try await list("", "b/1") == ["b/10", "b/2", "b_/1", "c"])
            #expect(try await list("b/", "b/1") == ["b/10", "b/2"])
            #expect(try await list("b/", "a/y") == ["b/1", "b/10", "b/2"])
            #expect(try await list("b/", "c").isEmpty)
            #expect(try await list("", "b/15") == ["b/2", "b_/1", "c"])
            #expect(try await list("", nil, 3) == Array(sorted.prefix(3)))
            #expect(try await list("", "a/y", 2) == ["b/1", "b/10"])
        },
        .init("A list is walked page by page, and tells each object's length") { subject in
            let store = subject.store
            for number in 100..<137 {
                let bytes = SampleBytes(number).stream
                _ = try await store.put(key("page/\(number % 3)/\(number)"), bytes, as: .init())
            }
            var (seen, last): ([String], ObjectKey?) = ([], nil)
            while true {
                let page = try await store.list(prefix: "page/", after: last, limit: 10)
                #expect(page.count <= 10)
                for facts in page {
                    seen.append(facts.key.text)
                    #expect(facts.key.text.hasSuffix("/\(facts.size)"))
                    #expect(facts.metadata.isEmpty)
                }
                guard let end = page.last else { break }
                last = end.key
            }
            #expect(seen.count == 37 && seen == seen.sorted())
        },
    ]

    /// Promises that S3 keeps, and not everything that speaks like it: the server that the tests have
    /// orders names by folder, and looks for a rival of a long object a moment before it writes.
    package static let exact: [ObjectStoreConformance] = [
        longRace,
        .init("A name may begin another, and the order is that of bytes") { subject in
            let store = subject.store
            let names = ["a", "a-b", "a.b", "a/b", "a/b/c", "a0", "ab"]
            for name in names.reversed() {
                _ = try await store.put(key(name), SampleBytes(1).stream, as: .init())
            }
            let all = try await store.list(prefix: "", after: nil, limit: 100).map(\.key.text)
            #expect(all == names)
            for (place, name) in names.enumerated() {
                let rest = try await store.list(prefix: "", after: key(name), limit: 2)
                #expect(rest.map(\.key.text) == Array(names[(place + 1)...].prefix(2)))
            }
            try await store.delete(key("a/b"))
            #expect(try await store.facts(of: key("a")) != nil)
            #expect(try await store.facts(of: key("a/b/c")) != nil)
        },
    ]
}
