// SPDX-License-Identifier: Apache-2.0
internal import Crypto

extension Digest {
    /// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 2.1).
    public static let emptyRoot = Digest(sha256: UnsafeRawBufferPointer(start: nil, count: 0))

    /// Leaves up to this many bytes are hashed from one block on the stack.
    private static let stackLeafBytes = 1_000

    /// Hashes `bytes` in one go.
    public init(sha256 bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self.init(finished: hasher.finalize())
    }

    /// Hashes a collection of bytes, in place where it is one block of memory.
    public static func sha256(_ bytes: some Collection<UInt8>) -> Digest {
        let direct = bytes.withContiguousStorageIfAvailable {
            Digest(sha256: UnsafeRawBufferPointer($0))
        }
        return direct ?? sha256(Array(bytes))
    }

    /// Hashes an array of bytes.
    public static func sha256(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { Digest(sha256: $0) }
    }

    /// Computes the hash of a leaf, SHA-256 of a zero byte and the leaf (RFC 6962 2.1).
    public static func leaf(_ bytes: UnsafeRawBufferPointer) -> Digest {
        guard bytes.count <= stackLeafBytes else {
            var hasher = SHA256()
            Swift.withUnsafeBytes(of: UInt8(0)) { hasher.update(bufferPointer: $0) }
            hasher.update(bufferPointer: bytes)
            return Digest(finished: hasher.finalize())
        }
        return withUnsafeTemporaryAllocation(byteCount: bytes.count + 1, alignment: 8) { block in
            block[0] = 0
            UnsafeMutableRawBufferPointer(rebasing: block[1...]).copyMemory(from: bytes)
            return Digest(sha256: UnsafeRawBufferPointer(block))
        }
    }

    /// Computes the hash of a leaf, SHA-256 of a zero byte and the leaf (RFC 6962 2.1).
    public static func leaf(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { leaf($0) }
    }

    /// Computes the hash of an inner node, SHA-256 of a one byte and both children (RFC 6962 2.1).
    public static func node(left: Digest, right: Digest) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * byteCount, alignment: 8) { block in
            block[0] = 1
            block.storeBytes(of: left, toByteOffset: 1, as: Digest.self)
            block.storeBytes(of: right, toByteOffset: 1 + byteCount, as: Digest.self)
            return Digest(sha256: UnsafeRawBufferPointer(block))
        }
    }
}

/// A SHA-256 that is computed piece by piece.
package struct DigestStream: Sendable {
    private var hash = SHA256()

    /// Begins with nothing.
    package init() {}

    /// Takes up some more bytes.
    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    /// Takes up some more bytes.
    package mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    /// Takes up some more bytes, beside whatever else is done.
    @concurrent
    package func adding(_ bytes: [UInt8]) async -> DigestStream {
        var stream = self
        stream.add(bytes)
        return stream
    }

    /// The hash of all bytes so far.
    package var digest: Digest { Digest(finished: hash.finalize()) }
}
