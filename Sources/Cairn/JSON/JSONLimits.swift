// SPDX-License-Identifier: Apache-2.0

/// How much JSON a reader takes before it refuses.
///
/// Both limits hold for hostile text: work and memory stay in proportion to ``bytes``, and the
/// stack in proportion to ``depth``.
public struct JSONLimits: Sendable, Equatable {
    /// How many arrays and objects may be open at once; values above 512 count as 512.
    public var depth: Int
    /// How many bytes the whole text may have.
    public var bytes: Int

    /// Sets both limits; the defaults are those of the record format and 1 MiB.
    public init(depth: Int = 32, bytes: Int = 1 << 20) {
        self.depth = depth
        self.bytes = bytes
    }
}
