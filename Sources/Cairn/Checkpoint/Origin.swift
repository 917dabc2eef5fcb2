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
        var origin = origin
        return origin.withUTF8 { bytes in
            guard bytes.count <= limitBytes, let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
                isHost(bytes[..<slash])
            else { return false }
            var isEmpty = true
            for byte in bytes[(slash + 1)...] {
                if byte == UInt8(ascii: "/") {
                    guard !isEmpty else { return false }
                    isEmpty = true
                } else {
                    guard isHostByte(byte) || byte == UInt8(ascii: "_") else { return false }
                    isEmpty = false
                }
            }
            return !isEmpty
        }
    }

    private static func isHost(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard colon > bytes.startIndex, bytes[..<colon].allSatisfy(isHostByte) else {
            return false
        }
        guard colon < bytes.endIndex else { return true }
        let port = bytes[(colon + 1)...]
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
