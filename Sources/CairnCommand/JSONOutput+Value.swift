// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI

extension JSONOutput {
    /// Writes a whole value on one line, members in their order.
    mutating func value(_ value: JSONValue) {
        switch value {
        case .object(let members):
            beginObject()
            for member in members {
                name(text: member.name)
                self.value(member.value)
            }
            endObject()
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .null, .bool, .number, .string:
            append { value.appendCanonical(to: &$0) }
        }
    }
}

extension JSONValue {
    /// The value on one line, members in their order.
    var line: String {
        var output = JSONOutput()
        output.value(self)
        return String(decoding: output.bytes, as: UTF8.self)
    }
}
