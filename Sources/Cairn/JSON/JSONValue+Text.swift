// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Reads bytes that hold one JSON value and nothing else.
    public init(
        parsing bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(InvalidJSON) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(InvalidJSON) in
            var reader = JSONReader(UnsafeRawBufferPointer(buffer), limits: limits)
            let value = try JSONValue(reading: &reader)
            try reader.finish()
            return value
        }
    }

    /// Reads text that holds one JSON value and nothing else.
    public init(
        parsing text: String,
        limits: JSONLimits = JSONLimits()
    ) throws(InvalidJSON) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// Reads the next value of a reader, whatever its kind.
    public init(reading reader: inout JSONReader) throws(InvalidJSON) {
        switch try reader.peek() {
        case .null:
            try reader.readNull()
            self = .null
        case .bool:
            self = .bool(try reader.readBool())
        case .number:
            self = .number(try reader.readNumber())
        case .string:
            self = .string(try reader.readString())
        case .array:
            var elements: [JSONValue] = []
            try reader.beginArray()
            while try reader.nextElement() {
                elements.append(try JSONValue(reading: &reader))
            }
            self = .array(elements)
        case .object:
            var members: [(name: String, value: JSONValue)] = []
            try reader.beginObject()
            while let name = try reader.nextName() {
                members.append((name.text, try JSONValue(reading: &reader)))
            }
            self = .object(JSONObject(unchecked: members))
        }
    }

    /// The value in its canonical bytes.
    public var canonical: CanonicalJSON {
        CanonicalJSON(self)
    }

    /// Appends the canonical bytes.
    public func appendCanonical(to output: inout [UInt8]) {
        switch self {
        case .null:
            output.append(contentsOf: "null".utf8)
        case .bool(let value):
            output.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .number(let number):
            output.append(contentsOf: number.text.utf8)
        case .string(let text):
            JSONText.appendString(text, to: &output)
        case .array(let elements):
            output.append(Byte.openBracket)
            for (index, element) in elements.enumerated() {
                if index > 0 {
                    output.append(Byte.comma)
                }
                element.appendCanonical(to: &output)
            }
            output.append(Byte.closeBracket)
        case .object(let members):
            members.appendCanonical(to: &output)
        }
    }
}

extension JSONObject {
    /// Appends the canonical bytes of the object.
    fileprivate func appendCanonical(to output: inout [UInt8]) {
        let sorted = map { (name: Array($0.name.utf8), value: $0.value) }
            .sorted { JSONText.precedes($0.name, $1.name) }
        output.append(Byte.openBrace)
        for (index, member) in sorted.enumerated() {
            if index > 0 {
                output.append(Byte.comma)
            }
            JSONText.appendString(utf8: member.name, to: &output)
            output.append(Byte.colon)
            member.value.appendCanonical(to: &output)
        }
        output.append(Byte.closeBrace)
    }
}
