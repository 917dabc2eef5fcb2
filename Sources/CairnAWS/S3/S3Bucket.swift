// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger

/// Where a bucket is, and which of its keys are ours.
package struct S3Bucket: Equatable, Sendable {
    /// The bucket's name.
    package let name: String
    /// What comes before each key: empty, or parts that end in `/`.
    package let prefix: String
    /// The region that requests are signed for.
    package let region: String
    /// Whether the bucket's name is in the path, and not in the host's name.
    package let isPathStyle: Bool
    private let scheme: String
    private let endpoint: String

    /// Names a bucket, or returns nil for a name, a prefix, a region or an endpoint that is none.
    ///
    /// Without an endpoint, `https://host:port`, it is with AWS in its region. Unless the style is
    /// given, the name goes into the host of AWS, and into the path for other endpoints and for names
    /// with points, which no certificate covers.
    package init?(
        _ name: String,
        prefix: String = "",
        region: String,
        endpoint: String? = nil,
        isPathStyle: Bool? = nil
    ) {
        var prefix = prefix
        while prefix.hasSuffix("/") { prefix.removeLast() }
        guard S3Bucket.isName(name), prefix.isEmpty || ObjectKey(prefix) != nil,
            prefix.utf8.count <= 400, !region.isEmpty,
            region.utf8.allSatisfy({ S3Bucket.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.name = name
        self.prefix = prefix.isEmpty ? "" : prefix + "/"
        self.region = region
        self.isPathStyle = isPathStyle ?? (endpoint != nil || name.contains("."))
        guard let endpoint else {
            scheme = "https"
            self.endpoint = "s3.\(region).amazonaws.com"
            return
        }
        let parts = endpoint.split(separator: "://", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["http", "https"].contains(parts[0]) else { return nil }
        scheme = parts[0]
        var authority = parts[1]
        if authority.hasSuffix("/") { authority.removeLast() }
        let usual = scheme == "https" ? ":443" : ":80"
        if authority.hasSuffix(usual) { authority.removeLast(usual.utf8.count) }
        guard !authority.isEmpty,
            authority.utf8.allSatisfy({
                S3Bucket.isLetterOrDigit($0) || ".:-[]".utf8.contains($0)
            })
        else { return nil }
        self.endpoint = authority
    }

    /// The host that requests go to, with its port if that is not the usual one.
    package var host: String { isPathStyle ? endpoint : "\(name).\(endpoint)" }

    /// The path of an object, or of the bucket itself.
    func path(_ key: ObjectKey?) -> String {
        (isPathStyle ? "/\(name)/" : "/") + (key.map { prefix + $0.text } ?? "")
    }

    /// The address of a path, with a query that is encoded.
    func url(_ path: String, _ query: String) -> String {
        "\(scheme)://\(host)\(PercentEncoding.path(path))" + (query.isEmpty ? "" : "?\(query)")
    }

    private static func isName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                    || $0 == 0x2E
            } && !name.contains("..") && !".-".contains(name.prefix(1))
            && !".-".contains(name.suffix(1))
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x30...0x39).contains(byte)
    }
}
