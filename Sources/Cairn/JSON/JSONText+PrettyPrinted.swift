// SPDX-License-Identifier: Apache-2.0

extension JSONText {
    /// Writes a value for people: a line for each member and element, indented by two spaces.
    ///
    /// Members keep their order. The text ends without a line break.
    public static func prettyPrinted(_ value: JSONValue) -> String {
        var output: [UInt8] = []
        appendPrettyPrinted(value, depth: 0, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func appendPrettyPrinted(
        _ value: JSONValue,
        depth: Int,
        to output: inout [UInt8]
    ) {
        switch value {
        case .array(let elements) where !elements.isEmpty:
            output.append(Byte.openBracket)
            for (index, element) in elements.enumerated() {
                startLine(after: index > 0, depth: depth + 1, to: &output)
                appendPrettyPrinted(element, depth: depth + 1, to: &output)
            }
            startLine(after: false, depth: depth, to: &output)
            output.append(Byte.closeBracket)
        case .object(let members) where !members.isEmpty:
            output.append(Byte.openBrace)
            for (index, member) in members.enumerated() {
                startLine(after: index > 0, depth: depth + 1, to: &output)
                appendString(member.name, to: &output)
                output.append(Byte.colon)
                output.append(Byte.space)
                appendPrettyPrinted(member.value, depth: depth + 1, to: &output)
            }
            startLine(after: false, depth: depth, to: &output)
            output.append(Byte.closeBrace)
        default:
            value.appendCanonical(to: &output)
        }
    }

    private static func startLine(after comma: Bool, depth: Int, to output: inout [UInt8]) {
        if comma {
            output.append(Byte.comma)
        }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(Byte.space, count: 2 * depth))
    }
}
