// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Synchronization

/// Objects in memory.
package final class MemoryObjectStore: ObjectStore {
    private struct Object {
        var facts: ObjectFacts
        let bytes: [UInt8]
    }

    private let kept = Mutex<[ObjectKey: Object]>([:])
    private let now: @Sendable () -> Timestamp

    /// An empty store that goes by a clock.
    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
    }

    package func put(
        _ key: ObjectKey,
        _ bytes: ObjectBytes,
        as options: ObjectOptions
    ) async throws -> ObjectFacts {
        try options.check()
        var all: [UInt8] = []
        for try await piece in bytes {
            try Task.checkCancellation()
            all += piece
        }
        try Task.checkCancellation()
        guard options.sha256 == nil || options.sha256 == .sha256(all) else {
            throw ObjectError.checksum
        }
        var facts = ObjectFacts(key: key, size: UInt64(all.count), modifiedAt: now())
        facts.mediaType = options.mediaType
        facts.metadata = options.metadata
        facts.storageClass = options.storageClass
        facts.retainUntil = options.retainUntil
        facts.isHeld = options.isHeld
        try kept.withLock { [facts, all] kept in
            if let there = kept[key] {
                guard !options.onlyIfAbsent else { throw ObjectError.exists }
                guard !there.facts.isLocked(at: now()) else { throw ObjectError.locked }
            }
            kept[key] = Object(facts: facts, bytes: all)
        }
        return facts
    }

    package func get(
        _ key: ObjectKey,
        range: Range<UInt64>?
    ) throws(ObjectError) -> (facts: ObjectFacts, bytes: ObjectBytes) {
        guard let object = kept.withLock({ $0[key] }) else { throw .missing }
        let range = (range ?? 0..<object.facts.size).clamped(to: 0..<object.facts.size)
        let part = Array(object.bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
            continuation.yield(part)
            continuation.finish()
        }
        return (object.facts, stream)
    }

    package func facts(of key: ObjectKey) -> ObjectFacts? {
        kept.withLock { $0[key]?.facts }
    }

    package func list(prefix: String, after key: ObjectKey?, limit: Int) -> [ObjectFacts] {
        let found = kept.withLock { kept in
            kept.values.map(\.facts).filter { facts in
                facts.key.text.hasPrefix(prefix) && key.map { facts.key > $0 } ?? true
            }
        }
        return found.sorted { $0.key < $1.key }.prefix(limit).map { facts in
            var listed = ObjectFacts(
                key: facts.key,
                size: facts.size,
                modifiedAt: facts.modifiedAt
            )
            listed.storageClass = facts.storageClass
            return listed
        }
    }

    package func delete(_ key: ObjectKey) throws(ObjectError) {
        try change(key) { object throws(ObjectError) in
            guard object?.facts.isLocked(at: now()) != true else { throw .locked }
            object = nil
        }
    }

    package func retain(_ key: ObjectKey, until: Timestamp) throws(ObjectError) {
        try change(key) { object throws(ObjectError) in
            guard let facts = object?.facts else { throw .missing }
            object?.facts.retainUntil = max(facts.retainUntil ?? until, until)
        }
    }

    package func hold(_ key: ObjectKey, _ isHeld: Bool) throws(ObjectError) {
        try change(key) { object throws(ObjectError) in
            guard object != nil else { throw .missing }
            object?.facts.isHeld = isHeld
        }
    }

    package func link(
        to key: ObjectKey,
        as download: ObjectDownload,
        for duration: Duration
    ) -> ObjectLink? {
        nil
    }

    private func change(
        _ key: ObjectKey,
        _ body: (inout Object?) throws(ObjectError) -> Void
    ) throws(ObjectError) {
        let result = kept.withLock { kept in
            Result { () throws(ObjectError) in try body(&kept[key]) }
        }
        try result.get()
    }
}
