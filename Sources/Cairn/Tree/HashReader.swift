// SPDX-License-Identifier: Apache-2.0

/// Where the hashes of complete subtrees come from.
///
/// A proof asks for all it needs in one call, so that a reader over a store or a network can
/// answer in one round trip.
public protocol HashReader: Sendable {
    /// Returns the hash of each node, in the order asked for.
    func hashes(of nodes: [TreeNode]) async throws -> [Digest]
}
