// SPDX-License-Identifier: Apache-2.0

/// Why a text is not acceptable JSON, and where.
public struct InvalidJSON: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Sendable, Equatable {
        /// The text breaks the grammar of RFC 8259.
        case syntax
        /// The text ends inside a value, or holds none.
        case unexpectedEnd
        /// A string holds bytes that are not UTF-8.
        case invalidUTF8
        /// The text starts with a byte order mark.
        case byteOrderMark
        /// An escape names half of a surrogate pair.
        case loneSurrogate
        /// A string holds a control character that is not escaped.
        case controlCharacter
        /// A backslash is followed by something that RFC 8259 does not name.
        case invalidEscape
        /// An object names the same member twice, after unescaping.
        case duplicateName
        /// More arrays and objects are open than ``JSONLimits/depth``.
        case tooDeep
        /// The text is longer than ``JSONLimits/bytes``.
        case tooLarge
        /// A number has more than 40 digits, or a magnitude no double reaches.
        case numberOutOfRange
        /// Something other than white space follows the value.
        case trailingContent
        /// The value is valid but of another kind than the caller asked for.
        case wrongType
    }

    /// What is wrong.
    public let reason: Reason
    /// Where, in bytes from the start of the text.
    public let offset: Int
    /// Where, as member names and positions: `details.a[3].b`; empty for the whole text.
    ///
    /// Meant for people: long names and long paths are cut, and names are not escaped.
    public let path: String

    /// Names a fault.
    public init(reason: Reason, offset: Int, path: String) {
        self.reason = reason
        self.offset = offset
        self.path = path
    }

    /// The fault as a phrase, with its place.
    public var description: String {
        let place = path.isEmpty ? "at byte \(offset)" : "in \(path), at byte \(offset)"
        return "\(reason.phrase) \(place)"
    }
}

extension InvalidJSON.Reason {
    fileprivate var phrase: String {
        switch self {
        case .syntax: "not JSON"
        case .unexpectedEnd: "the JSON text ends early"
        case .invalidUTF8: "bytes that are not UTF-8"
        case .byteOrderMark: "a byte order mark"
        case .loneSurrogate: "a lone surrogate"
        case .controlCharacter: "a control character that is not escaped"
        case .invalidEscape: "an unknown escape"
        case .duplicateName: "a member name used twice"
        case .tooDeep: "arrays or objects nested too deep"
        case .tooLarge: "a JSON text that is too large"
        case .numberOutOfRange: "a number with too many digits or too large an exponent"
        case .trailingContent: "content after the JSON value"
        case .wrongType: "a JSON value of the wrong type"
        }
    }
}
