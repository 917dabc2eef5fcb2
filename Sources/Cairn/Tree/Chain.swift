// SPDX-License-Identifier: Apache-2.0

/// The hash chain that accompanies a ledger's tree.
///
/// The chain is derived and never signed by itself: each link hashes the link before it and the
/// hash of the next leaf. Alone it proves nothing against someone who can rewrite the table it
/// is kept in; the signed tree does.
public enum Chain {
    private static let prefix: StaticString = "audit-chain/v1\n"

    /// Computes the link before the first entry, which depends on the ledger's origin only.
    public static func start(origin: String) -> Digest {
        .sha256(Array(prefix.description.utf8) + Array(origin.utf8) + [0x0A])
    }

    /// Computes the link after an entry from the link before it and the hash of its leaf.
    public static func next(_ previous: Digest, leafHash: Digest) -> Digest {
        prefix.withUTF8Buffer { prefix in
            let count = prefix.count + 2 * Digest.byteCount
            return withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { block in
                block.copyMemory(from: UnsafeRawBufferPointer(prefix))
                block.storeBytes(of: previous, toByteOffset: prefix.count, as: Digest.self)
                block.storeBytes(
                    of: leafHash,
                    toByteOffset: prefix.count + Digest.byteCount,
                    as: Digest.self
                )
                return Digest(sha256: UnsafeRawBufferPointer(block))
            }
        }
    }
}
