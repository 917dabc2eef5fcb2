// SPDX-License-Identifier: Apache-2.0

/// The grammar of the names that our own ledgers carry in their checkpoints.
///
/// An origin is `<prefix>/<ledger id>`: a host, an optional port, and one or more path segments.
/// Other logs name themselves as they like, so reading a stranger's checkpoint does not use this.
public enum Origin {
    /// The longest origin, in bytes.
    public static let limitBytes = 200

    /// Says whether a ledger of ours may have this name.
    ///
    /// The grammar is `[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)+`, over the whole text.
    public static func isValid(_ origin: String) -> Bool {
        guard origin.utf8.count <= limitBytes else { return false }
        let parts = Array(origin.utf8).split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        )
        guard let host = parts.first, parts.count >= 2, isHost(host) else { return false }
        return parts.dropFirst().allSatisfy { segment in
            !segment.isEmpty
                && segment.allSatisfy { isHostByte($0) || $0 == UInt8(ascii: "_") }
        }
    }

    private static func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, name.allSatisfy(isHostByte) else {
            return false
        }
        guard parts.count > 1 else { return true }
        guard parts.count == 2, let port = parts.last else { return false }
        return (1...5).contains(port.count) && port.allSatisfy(isDigit)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: isDigit(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
