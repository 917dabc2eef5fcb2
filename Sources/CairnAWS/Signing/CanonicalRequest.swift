// SPDX-License-Identifier: Apache-2.0

/// A request as it is signed.
package struct SignableRequest: Sendable {
    /// The method, in capitals.
    package var method: String
    /// The path, decoded; for services other than S3, as it is on the wire.
    package var path: String
    /// The query, decoded.
    package var query: [(name: String, value: String)]
    /// The headers to sign, `host` among them.
    package var headers: [(name: String, value: String)]

    /// Joins the parts.
    package init(
        method: String,
        path: String,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
    }
}

/// The one text that stands for a request, whoever writes it down (Signature Version 4).
struct CanonicalRequest {
    let text: String
    let signedHeaders: String

    /// Writes a request down; a path is normalised for every service but S3.
    init(_ request: SignableRequest, payloadHash: String, normalising: Bool) {
        var values: [String: [String]] = [:]
        for (name, value) in request.headers {
            values[name.lowercased(), default: []].append(CanonicalRequest.trimmed(value))
        }
        let names = values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        signedHeaders = names.joined(separator: ";")
        var lines = [
            request.method,
            PercentEncoding.path(
                normalising ? CanonicalRequest.normalised(request.path) : request.path
            ),
            PercentEncoding.query(request.query),
        ]
        lines += names.map { "\($0):\(values[$0, default: []].joined(separator: ","))" }
        lines += ["", signedHeaders, payloadHash]
        text = lines.joined(separator: "\n")
    }

    /// A value without spaces around it, and with one for each run of them inside.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0.isNewline || $0 == "\t" }.joined(separator: " ")
    }

    /// A path without `.`, `..` and empty parts (RFC 3986 5.2.4).
    private static func normalised(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let endsInFolder =
            path.hasSuffix("/") || path.hasSuffix("/.") || path.hasSuffix("/..")
        return "/" + parts.joined(separator: "/") + (endsInFolder && !parts.isEmpty ? "/" : "")
    }
}

/// Percent encoding as AWS wants it: all but unreserved characters, in capitals.
package enum PercentEncoding {
    /// Encodes a text, `/` among it unless it is kept.
    package static func encode(_ text: String, keeping slash: Bool = false) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                bytes.append(byte)
            case UInt8(ascii: "/") where slash:
                bytes.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads an encoded text, where `+` may stand for a space; nil for what is none.
    package static func decode(_ text: some StringProtocol) -> String? {
        var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                let code = String(decoding: rest.prefix(2), as: UTF8.self)
                guard code.utf8.count == 2, let value = UInt8(code, radix: 16) else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    static func path(_ path: String) -> String {
        path.isEmpty ? "/" : encode(path, keeping: true)
    }

    static func query(_ query: [(name: String, value: String)]) -> String {
        query.map { (encode($0.name), encode($0.value)) }
            .sorted {
                if $0.0 == $1.0 { return $0.1.utf8.lexicographicallyPrecedes($1.1.utf8) }
                return $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
            }
            .map { "\($0)=\($1)" }.joined(separator: "&")
    }
}
