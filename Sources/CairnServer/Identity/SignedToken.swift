// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// A token in its compact form (RFC 7515 3.1), read and not believed yet.
struct SignedToken: Sendable {
    /// The longest token that is looked at, in bytes.
    static let limitBytes = 8 << 10

    let header: JSONValue
    let claims: JSONValue
    /// What was signed: the first two parts as they came.
    let signed: [UInt8]
    let signature: [UInt8]

    /// Whether a text may be a token at all: three parts.
    static func resembles(_ text: Substring) -> Bool {
        text.utf8.count { $0 == UInt8(ascii: ".") } == 2
    }

    /// Reads a token; nil for anything but three parts of canonical base64url, the first two of
    /// them JSON objects without a name that occurs twice, and for a critical header, of which
    /// none is understood.
    init?(_ text: Substring) {
        guard text.utf8.count <= SignedToken.limitBytes else { return nil }
        let bytes = Array(text.utf8)
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        guard dots.count == 2, let header = SignedToken.object(bytes[..<dots[0]]),
            let claims = SignedToken.object(bytes[(dots[0] + 1)..<dots[1]]),
            let signature = SignedToken.decoded(bytes[(dots[1] + 1)...]), !signature.isEmpty,
            header["crit"] == nil, header["b64"] == nil
        else { return nil }
        self.header = header
        self.claims = claims
        self.signature = signature
        signed = Array(bytes[..<dots[1]])
    }

    private static func decoded(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        part.withUnsafeBytes { Base64URL.decode(utf8: $0) }
    }

    private static func object(_ part: ArraySlice<UInt8>) -> JSONValue? {
        guard let bytes = decoded(part),
            let value = try? JSONValue(
                parsing: bytes,
                limits: JSONLimits(depth: 16, bytes: limitBytes)
            ), value.object != nil
        else { return nil }
        return value
    }

    /// A number of seconds since 1970, with a fraction perhaps (RFC 7519 2); nil if it is not there
    /// or nothing of the kind.
    func seconds(_ name: String) -> Double? {
        guard case .number(let number)? = claims[name] else { return nil }
        return Double(number.description)
    }

    /// The texts of a claim that is a text or a list of them; nil if it is of another kind.
    func texts(_ name: String) -> [String]? {
        guard let claim = claims[name] else { return [] }
        if let text = claim.string { return [text] }
        guard let items = claim.array else { return nil }
        let texts = items.compactMap(\.string)
        return texts.count == items.count ? texts : nil
    }
}
