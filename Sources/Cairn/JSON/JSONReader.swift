// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON value from bytes, a step at a time, without building a tree.
///
/// The caller keeps the bytes alive and asks for what it expects; the reader checks everything it
/// passes: the grammar of RFC 8259, UTF-8, escapes, duplicate names, depth, size. After a throw the
/// reader is of no further use, except after ``InvalidJSON/Reason/wrongType``, which leaves it
/// before the value. Calls out of order, such as a name asked for before the last member's value
/// was read, are mistakes of the program and trap.
public struct JSONReader {
    /// The kinds of JSON value.
    public enum Kind: Sendable {
        /// Members between braces.
        case object
        /// Elements between brackets.
        case array
        /// Text between quotes.
        case string
        /// A decimal number.
        case number
        /// `true` or `false`.
        case bool
        /// `null`.
        case null
    }

    /// An object or array that was begun and not yet ended.
    private struct Frame {
        let isObject: Bool
        /// Where this object's names begin in `names`.
        let firstName: Int
        var isFirst = true
        /// The names of an object that has more than `linearNames`.
        var manyNames: Set<JSONName> = []
    }

    /// Up to here, comparing a new name with each earlier one is faster than hashing it.
    private static let linearNames = 16

    /// How far the reader has come, in bytes.
    public internal(set) var offset = 0

    let bytes: UnsafeRawBufferPointer
    var limits: JSONLimits
    /// The end of the input; 0 if the input is too large to be looked at.
    let end: Int
    var depth = 0
    private var awaitsValue = true
    private var frames: [Frame] = []
    private var names: [JSONName] = []
    var canonical = CanonicalState()

    /// Starts at the first byte; nothing is read yet.
    public init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) {
        self.bytes = bytes
        self.limits = limits
        end = bytes.count <= limits.bytes ? bytes.count : 0
    }

    /// Skips white space and says of what kind the next value is.
    public mutating func peek() throws(InvalidJSON) -> Kind {
        precondition(awaitsValue, "no value is due here")
        skipWhiteSpace()
        switch current {
        case Byte.quote: return .string
        case Byte.openBrace: return .object
        case Byte.openBracket: return .array
        case Byte.t, Byte.f: return .bool
        case Byte.n: return .null
        case Byte.minus, Byte.zero...Byte.nine: return .number
        default: throw unexpected()
        }
    }

    /// Enters an object; its members follow from ``nextName()``.
    public mutating func beginObject() throws(InvalidJSON) {
        try expect(.object)
        try open(isObject: true)
    }

    /// Returns the next member's name, or nil at the end of the object.
    ///
    /// The member's value must be read before the next call. A name that the object already had
    /// throws ``InvalidJSON/Reason/duplicateName``.
    public mutating func nextName() throws(InvalidJSON) -> JSONName? {
        guard try advance(inObject: true) else { return nil }
        guard current == Byte.quote else { throw unexpected() }
        let start = offset
        let name = name(of: try scanString())
        guard remember(name) else {
            throw failure(.duplicateName, at: start, pathUpTo: offset)
        }
        skipWhiteSpace()
        guard current == Byte.colon else { throw unexpected() }
        offset += 1
        awaitsValue = true
        return name
    }

    /// Enters an array; its elements follow from ``nextElement()``.
    public mutating func beginArray() throws(InvalidJSON) {
        try expect(.array)
        try open(isObject: false)
    }

    /// Returns whether another element follows, which must then be read before the next call.
    public mutating func nextElement() throws(InvalidJSON) -> Bool {
        awaitsValue = try advance(inObject: false)
        return awaitsValue
    }

    /// Reads a string, unescaped.
    public mutating func readString() throws(InvalidJSON) -> String {
        try expect(.string)
        awaitsValue = false
        return text(of: try scanString())
    }

    /// Reads `true` or `false`.
    public mutating func readBool() throws(InvalidJSON) -> Bool {
        try expect(.bool)
        awaitsValue = false
        let value = current == Byte.t
        try consume(value ? "true" : "false")
        return value
    }

    /// Reads `null`.
    public mutating func readNull() throws(InvalidJSON) {
        try expect(.null)
        awaitsValue = false
        try consume("null")
    }

    /// Reads a number, exactly.
    public mutating func readNumber() throws(InvalidJSON) -> JSONNumber {
        try expect(.number)
        var text: [UInt8] = []
        try appendCanonical(to: &text)
        return JSONNumber(canonical: String(decoding: text, as: UTF8.self))
    }

    /// Reads the next value, whatever its kind, and appends its canonical bytes.
    ///
    /// On a throw, `output` is as it was.
    public mutating func appendCanonical(to output: inout [UInt8]) throws(InvalidJSON) {
        precondition(awaitsValue, "no value is due here")
        awaitsValue = false
        try appendCanonicalValue(to: &output)
    }

    /// Reads the next value, checks it as fully as any other, and drops it.
    public mutating func skip() throws(InvalidJSON) {
        precondition(awaitsValue, "no value is due here")
        awaitsValue = false
        try skipValue()
    }

    /// Checks that only white space is left.
    public mutating func finish() throws(InvalidJSON) {
        precondition(frames.isEmpty && !awaitsValue, "the value is not read yet")
        skipWhiteSpace()
        guard offset == end else { throw failure(.trailingContent, at: offset) }
    }

    private mutating func expect(_ kind: Kind) throws(InvalidJSON) {
        guard try peek() == kind else { throw failure(.wrongType, at: offset) }
    }

    private mutating func open(isObject: Bool) throws(InvalidJSON) {
        awaitsValue = false
        try descend()
        offset += 1
        frames.append(Frame(isObject: isObject, firstName: names.count))
    }

    /// Steps over the comma before the next member or element, or over the end of the container.
    private mutating func advance(inObject: Bool) throws(InvalidJSON) -> Bool {
        precondition(!awaitsValue, "the last value is not read yet")
        let top = frames.count - 1
        precondition(top >= 0 && frames[top].isObject == inObject, "no such container is open")
        skipWhiteSpace()
        if current == (inObject ? Byte.closeBrace : Byte.closeBracket) {
            offset += 1
            depth -= 1
            names.removeLast(names.count - frames[top].firstName)
            frames.removeLast()
            return false
        }
        if frames[top].isFirst {
            frames[top].isFirst = false
            return true
        }
        guard current == Byte.comma else { throw unexpected() }
        offset += 1
        skipWhiteSpace()
        return true
    }

    /// Notes a name of the innermost object; returns false if the object had it already.
    private mutating func remember(_ name: JSONName) -> Bool {
        let top = frames.count - 1
        let first = frames[top].firstName
        guard frames[top].manyNames.isEmpty else {
            return frames[top].manyNames.insert(name).inserted
        }
        for index in first..<names.count where names[index] == name {
            return false
        }
        names.append(name)
        if names.count - first > Self.linearNames {
            frames[top].manyNames = Set(names[first...])
        }
        return true
    }
}
