// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger

internal import struct Crypto.SHA256

extension S3ObjectStore {
    package func put(
        _ key: ObjectKey,
        _ bytes: ObjectBytes,
        as options: ObjectOptions
    ) async throws -> ObjectFacts {
        try options.check()
        // S3 keeps a locked version beside a new one; the port speaks of one object a key.
        if let there = try await facts(of: key) {
            guard !options.onlyIfAbsent else { throw ObjectError.exists }
            guard !there.isLocked(at: client.now()) else { throw ObjectError.locked }
        }
        let upload = S3Upload(store: self, key: key, options: options, put: newID())
        var parts = Parts(bytes.makeAsyncIterator())
        let first = try await parts.next() ?? []
        if first.count < S3ObjectStore.partBytes {
            try parts.check(options.sha256)
            try await upload.whole(first)
        } else {
            let id = try await upload.begin()
            do {
                let sent = try await upload.send(first, then: &parts, to: id)
                try parts.check(options.sha256)
                try await upload.complete(id, sent)
            } catch {
                await upload.abort(id)
                throw error
            }
        }
        var facts = ObjectFacts(key: key, size: parts.size, modifiedAt: client.now())
        facts.mediaType = options.mediaType
        facts.metadata = options.metadata
        facts.storageClass = options.storageClass
        facts.retainUntil = options.retainUntil
        facts.isHeld = options.isHeld
        return facts
    }

    /// An object's bytes in pieces of a part's length, the last of which may be shorter.
    struct Parts {
        private var bytes: any AsyncIteratorProtocol<[UInt8], any Error>
        private var rest: [UInt8] = []
        private var hasher = SHA256()
        /// How many bytes there were so far.
        private(set) var size: UInt64 = 0

        init(_ bytes: any AsyncIteratorProtocol<[UInt8], any Error>) {
            self.bytes = bytes
        }

        /// The next part, or nil when there are no more bytes.
        mutating func next() async throws -> [UInt8]? {
            var part = rest
            part.reserveCapacity(S3ObjectStore.partBytes)
            rest = []
            while part.count < S3ObjectStore.partBytes, let piece = try await bytes.next() {
                try Task.checkCancellation()
                part += piece
            }
            try Task.checkCancellation()
            if part.count > S3ObjectStore.partBytes {
                rest = Array(part[S3ObjectStore.partBytes...])
                part.removeLast(rest.count)
            }
            guard !part.isEmpty else { return nil }
            hasher.update(data: part)
            size += UInt64(part.count)
            return part
        }

        /// Refuses bytes that are not those that were promised.
        func check(_ promised: Digest?) throws(ObjectError) {
            guard let promised else { return }
            guard Digest(Array(hasher.finalize())) == promised else { throw .checksum }
        }
    }
}
