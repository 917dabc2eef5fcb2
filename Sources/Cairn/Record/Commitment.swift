// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A record's 32 random bytes, from which the salts of its fields derive.
///
/// The seed never leaves the store: who may see a field gets that field's salt.
public struct Seed: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes, a secret.
    package let bytes: [UInt8]

    /// Takes 32 bytes, or returns nil for any other number.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The seed of a record of which only what is disclosed is known; no salt derives from it.
    package static let unknown = Seed(unknown: ())

    private init(unknown: Void) {
        bytes = [UInt8](repeating: 0, count: 32)
    }

    /// Draws a new seed.
    package init(using generator: inout some RandomNumberGenerator) {
        bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            for word in 0..<4 {
                let draw: UInt64 = generator.next()
                UnsafeMutableRawBufferPointer(buffer)
                    .storeBytes(of: draw, toByteOffset: word * 8, as: UInt64.self)
            }
            count = 32
        }
    }

    /// Says nothing of the bytes, which are a secret.
    public var description: String { "Seed(…)" }
}

/// The salted hashes that stand for fields in a leaf (record format, section 1).
public enum Commitment {
    private static let saltPrefix = Array("audit-salt/v1\n".utf8)
    private static let fieldPrefix = Array("audit-field/v1\n".utf8)
    private static let recordPrefix = Array("audit-record/v1\n".utf8)

    /// The salt of a field: `SHA256("audit-salt/v1\n" || seed || SHA256(path))`.
    package static func salt(seed: Seed, path: FieldPath) -> Digest {
        var input = saltPrefix
        input.reserveCapacity(14 + 64)
        input.append(contentsOf: seed.bytes)
        path.digest.append(to: &input)
        return Digest.sha256(input)
    }

    /// The digest of a field: `SHA256("audit-field/v1\n" || salt || canonical value)`.
    public static func digest(salt: Digest, value: some Collection<UInt8>) -> Digest {
        var input = fieldPrefix
        input.reserveCapacity(15 + 32 + value.count)
        salt.append(to: &input)
        input.append(contentsOf: value)
        return Digest.sha256(input)
    }

    /// A record digest while it is computed, field by field in ascending order, with reused buffers.
    struct RecordHash {
        private var input = recordPrefix
        private var field = fieldPrefix

        init() {
            input.reserveCapacity(2048)
            field.reserveCapacity(1024)
        }

        /// Adds a field of which the digest is known.
        mutating func add(_ path: FieldPath, _ digest: Digest) {
            append(path.utf8, digest, to: &input)
        }

        /// Adds a field by its salt and value.
        mutating func add(_ path: FieldPath, salt: Digest, value: [UInt8]) {
            field.removeLast(field.count - fieldPrefix.count)
            salt.append(to: &field)
            field.append(contentsOf: value)
            append(path.utf8, Digest.sha256(field), to: &input)
        }

        /// The digest of all fields so far.
        var digest: Digest { Digest.sha256(input) }
    }

    /// Gives each field of a record with its salt, with one reused buffer.
    static func withSalts(
        of fields: Fields,
        seed: Seed,
        _ body: (Fields.Field, Digest) -> Void
    ) {
        var salting = saltPrefix
        salting.append(contentsOf: seed.bytes)
        salting.append(contentsOf: repeatElement(0, count: 32))
        for field in fields {
            field.path.digest.withUnsafeBytes { path in
                salting.withUnsafeMutableBytes { $0[46..<78].copyBytes(from: path) }
            }
            body(field, Digest.sha256(salting))
        }
    }

    /// The record digest over the digests of its fields, given by path in ascending order.
    public static func record(_ digests: [(path: FieldPath, digest: Digest)]) -> Digest {
        var input = recordPrefix
        input.reserveCapacity(16 + digests.count * 56)
        for (path, digest) in digests {
            append(path.utf8, digest, to: &input)
        }
        return Digest.sha256(input)
    }

    /// The record digest of fields under a seed, in one pass and with two reused buffers.
    package static func record(_ fields: Fields, seed: Seed) -> Digest {
        var input = recordPrefix
        input.reserveCapacity(1024)
        var salting = saltPrefix
        salting.append(contentsOf: seed.bytes)
        salting.append(contentsOf: repeatElement(0, count: 32))
        var hashing = fieldPrefix
        hashing.reserveCapacity(1024)
        fields.encoded.withUnsafeBytes { encoded in
            for field in fields {
                field.path.digest.withUnsafeBytes { path in
                    salting.withUnsafeMutableBytes { $0[46..<78].copyBytes(from: path) }
                }
                let salt = Digest.sha256(salting)
                hashing.removeLast(hashing.count - 15)
                salt.append(to: &hashing)
                hashing.append(contentsOf: encoded[field.range])
                append(field.path.utf8, Digest.sha256(hashing), to: &input)
            }
        }
        return Digest.sha256(input)
    }

    private static func append(_ path: [UInt8], _ digest: Digest, to input: inout [UInt8]) {
        input.append(UInt8(path.count >> 8))
        input.append(UInt8(path.count & 0xFF))
        input.append(contentsOf: path)
        digest.append(to: &input)
    }
}
