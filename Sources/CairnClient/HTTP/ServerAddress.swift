// SPDX-License-Identifier: Apache-2.0

/// The address of a server: scheme, host and port, and perhaps a path before that of the API.
struct ServerAddress {
    /// The address without a slash at its end.
    let text: String
    /// Whether nobody on the way can read what is sent: https, or this machine alone.
    let isPrivate: Bool

    /// Reads an address, or nil if it is none of http or https.
    init?(_ url: String) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "http" || parts[0] == "https",
            !parts[1].contains(where: { "?#@\\".contains($0) || $0.isWhitespace })
        else { return nil }
        let authority = parts[1].prefix { $0 != "/" }
        let host = ServerAddress.host(of: authority)
        guard !host.isEmpty else { return nil }
        var text = url
        while text.hasSuffix("/") { text.removeLast() }
        self.text = text
        isPrivate = parts[0] == "https" || ServerAddress.isLoopback(host)
    }

    private static func host(of authority: Substring) -> Substring {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return authority[authority.index(after: authority.startIndex)..<end]
        }
        return authority.prefix { $0 != ":" }
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        // A name may begin like an address, and be anybody's.
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

extension String {
    /// The text as a part of a URL's query (RFC 3986 section 2.1).
    var inURL: String {
        var encoded = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
