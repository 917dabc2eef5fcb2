// SPDX-License-Identifier: Apache-2.0

package import Cairn

internal import struct Crypto.HMAC
internal import struct Crypto.SHA256
internal import struct Crypto.SymmetricKey

/// Signs requests by AWS Signature Version 4; pure, and so the same for every service.
package struct RequestSigner: Sendable {
    /// What stands for a payload that is not signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"

    private let credentials: AWSCredentials
    private let region: String
    private let service: String

    /// Signs for a service in a region.
    package init(_ credentials: AWSCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers that a request gets beside its own: date, session token and signature.
    package func headers(
        signing request: SignableRequest,
        payloadHash: String,
        at now: Timestamp,
        normalising: Bool = false,
        tokenIsSigned: Bool = true
    ) -> [(name: String, value: String)] {
        let time = RequestSigner.text(now)
        let token = credentials.sessionToken.map { [(name: "x-amz-security-token", value: $0)] }
        var added = [(name: "x-amz-date", value: time)]
        if tokenIsSigned { added += token ?? [] }
        var request = request
        request.headers += added
        let canonical = CanonicalRequest(
            request,
            payloadHash: payloadHash,
            normalising: normalising
        )
        if !tokenIsSigned { added += token ?? [] }
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope(time)), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature(canonical, time))"
        return added + [(name: "Authorization", value: authorization)]
    }

    /// The query of an address by which whoever has it may make a request for so many seconds.
    package func query(
        presigning request: SignableRequest,
        payloadHash: String = unsignedPayload,
        for seconds: Int,
        at now: Timestamp,
        normalising: Bool = false,
        tokenIsSigned: Bool = true
    ) -> [(name: String, value: String)] {
        let time = RequestSigner.text(now)
        let names = Set(request.headers.map { $0.name.lowercased() }).sorted()
        let token = credentials.sessionToken.map { [(name: "X-Amz-Security-Token", value: $0)] }
        var request = request
        request.query += [
            (name: "X-Amz-Algorithm", value: "AWS4-HMAC-SHA256"),
            (name: "X-Amz-Credential", value: "\(credentials.accessKeyID)/\(scope(time))"),
            (name: "X-Amz-Date", value: time),
            (name: "X-Amz-Expires", value: "\(seconds)"),
            (name: "X-Amz-SignedHeaders", value: names.joined(separator: ";")),
        ]
        if tokenIsSigned { request.query += token ?? [] }
        let canonical = CanonicalRequest(
            request,
            payloadHash: payloadHash,
            normalising: normalising
        )
        if !tokenIsSigned { request.query += token ?? [] }
        return request.query + [(name: "X-Amz-Signature", value: signature(canonical, time))]
    }

    // MARK: The signature

    /// What is signed of a request at a time.
    func stringToSign(_ canonical: CanonicalRequest, _ time: String) -> String {
        let hash = Digest.sha256(Array(canonical.text.utf8)).hex
        return "AWS4-HMAC-SHA256\n\(time)\n\(scope(time))\n\(hash)"
    }

    private func signature(_ canonical: CanonicalRequest, _ time: String) -> String {
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(time.prefix(8)), region, service, "aws4_request"] {
            key = RequestSigner.code(part, key)
        }
        return Hex.encode(RequestSigner.code(stringToSign(canonical, time), key))
    }

    private static func code(_ text: String, _ key: [UInt8]) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Array(text.utf8),
                using: SymmetricKey(data: key)
            )
        )
    }

    private func scope(_ time: String) -> String {
        "\(time.prefix(8))/\(region)/\(service)/aws4_request"
    }

    /// A time as signatures have it: `20260123T143000Z`.
    static func text(_ time: Timestamp) -> String {
        time.millisecondsText.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
