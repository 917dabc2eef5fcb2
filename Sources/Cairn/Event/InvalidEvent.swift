// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an event, and with which of its members.
public struct InvalidEvent: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that was broken; stable, for programs.
    public enum Code: String, Sendable, CaseIterable {
        case malformed = "malformed_json"
        case duplicateName = "duplicate_name"
        case invalidText = "invalid_text"
        case tooDeep = "too_deep"
        case numberOutOfRange = "number_out_of_range"
        case missing
        case unknownMember = "unknown_member"
        case null
        case wrongType = "wrong_type"
        case empty
        case invalidValue = "invalid_value"
        case tooLong = "too_long"
        case tooMany = "too_many"
        case tooLarge = "too_large"
        case reserved
        case inFuture = "in_future"
    }

    /// The member, as a dotted path; empty for the event as a whole.
    public let field: String
    /// The rule that was broken.
    public let code: Code
    /// The rule in words, for people.
    public let message: String

    /// Names a broken rule; a secret in the name of a member is told to nobody.
    public init(field: String, code: Code, message: String) {
        self.field = Redactor.shapes.redact(field)
        self.code = code
        self.message = message
    }

    /// Tells a failure of the JSON reader as one of an event.
    public init(_ error: InvalidJSON, field: String = "") {
        let path = [field, error.path].filter { !$0.isEmpty }.joined(separator: ".")
        let code: Code
        let message: String
        switch error.reason {
        case .duplicateName:
            (code, message) = (.duplicateName, "a name appears twice in one object")
        case .invalidUTF8, .byteOrderMark, .loneSurrogate:
            (code, message) = (.invalidText, "the text is not well-formed UTF-8")
        case .tooDeep:
            (code, message) = (.tooDeep, "containers nest too deep")
        case .numberOutOfRange:
            (code, message) = (
                .numberOutOfRange, "the number has too many digits or too large an exponent"
            )
        case .tooLarge:
            (code, message) = (.tooLarge, "the value is too large")
        case .wrongType:
            (code, message) = (.wrongType, "the value has another type than the member takes")
        default:
            (code, message) = (.malformed, "not JSON at byte \(error.offset)")
        }
        self.init(field: path, code: code, message: message)
    }

    /// Whether the bytes were no JSON at all, rather than JSON that breaks a rule.
    public var isMalformed: Bool { code == .malformed }

    /// The member and the rule.
    public var description: String {
        field.isEmpty ? message : "\(field): \(message)"
    }
}
