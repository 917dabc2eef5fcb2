// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// JSON text while it is written: puts commas and colons, and trusts its caller for the rest.
package struct JSONOutput {
    /// What is written so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Begins with nothing written.
    package init(reservingCapacity capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// Ends a line: what follows is a JSON text of its own.
    package mutating func endLine() {
        bytes.append(0x0A)
        needsComma = false
    }

    /// Begins an element of an array whose bracket is written elsewhere, on a line of its own.
    package mutating func beginElement(isFirst: Bool) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        bytes.append(0x0A)
        needsComma = false
    }

    /// Opens an object, as a value.
    package mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    /// Closes the innermost object.
    package mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Opens an array, as a value.
    package mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    /// Closes the innermost array.
    package mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Names the next member; the name needs no escapes.
    package mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\":".utf8)
        needsComma = false
    }

    /// Names the next member by any text.
    package mutating func name(text: String) {
        separate()
        JSONText.appendString(text, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a text.
    package mutating func value(_ text: String) {
        separate()
        JSONText.appendString(text, to: &bytes)
        needsComma = true
    }

    /// Writes a whole number.
    package mutating func value(_ integer: some FixedWidthInteger) {
        separate()
        JSONText.appendInteger(integer, to: &bytes)
        needsComma = true
    }

    /// Writes `true` or `false`.
    package mutating func value(_ flag: Bool) {
        raw(flag ? "true" : "false")
    }

    /// Writes a hash as hex.
    package mutating func value(_ digest: Digest) {
        quoted { digest.appendHex(to: &$0) }
    }

    /// Writes a time with three digits of a second.
    package mutating func value(_ time: Timestamp) {
        quoted { time.appendMilliseconds(to: &$0) }
    }

    /// Writes an event's id.
    package mutating func value(_ id: EventID) {
        quoted { id.appendText(to: &$0) }
    }

    /// Copies a value that is JSON already.
    package mutating func value(json: UnsafeRawBufferPointer) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Lets `body` append values or members that are JSON already, without a comma before the
    /// first and after the last.
    package mutating func append(_ body: (inout [UInt8]) -> Void) {
        separate()
        body(&bytes)
        needsComma = true
    }

    private mutating func raw(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    @inline(__always)
    private mutating func quoted(_ body: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        body(&bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}

extension JSONOutput {
    /// Writes a member whose value is a text.
    package mutating func member(_ name: StaticString, _ text: String) {
        self.name(name)
        value(text)
    }

    /// Writes a member whose value is a text, unless there is none.
    package mutating func member(_ name: StaticString, ifPresent text: String?) {
        guard let text else { return }
        member(name, text)
    }

    /// Writes a member whose value is a whole number.
    package mutating func member(_ name: StaticString, _ integer: some FixedWidthInteger) {
        self.name(name)
        value(integer)
    }

    /// Writes a member whose value is `true` or `false`.
    package mutating func member(_ name: StaticString, _ flag: Bool) {
        self.name(name)
        value(flag)
    }

    /// Writes a member whose value is a hash.
    package mutating func member(_ name: StaticString, _ digest: Digest) {
        self.name(name)
        value(digest)
    }

    /// Writes a member whose value is a time.
    package mutating func member(_ name: StaticString, _ time: Timestamp) {
        self.name(name)
        value(time)
    }
}
