// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Finds the events of a bulk in its bytes, `{"events": [...]}`, without reading them.
///
/// Each item is found by its brackets and quotes alone and then read by itself, so that what is
/// wrong with one event is told of that event.
struct BulkReader {
    private var bytes: UnsafeRawBufferPointer
    private var at: Int
    private var isFirst = true

    /// Enters a bulk; nil for a body whose first member is not `events`.
    ///
    /// An event has no such member, and a bulk has no other, so the first one decides.
    ///
    /// - Throws: ``Problem`` if `events` is not an array.
    init?(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        self.bytes = bytes
        at = 0
        guard take(UInt8(ascii: "{")), let name = name(), BulkReader.isEvents(name) else {
            return nil
        }
        guard take(UInt8(ascii: ":")) else { throw malformed() }
        guard take(UInt8(ascii: "[")) else {
            guard at < bytes.count else { throw malformed() }
            throw Problem(
                telling: InvalidEvent(
                    field: "events",
                    code: .wrongType,
                    message: "must be an array"
                )
            )
        }
    }

    /// Goes on in the same bytes, which may have another address by now.
    mutating func resume(in bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The bytes of the next item, or nil after the last one, when the body has ended as it should.
    ///
    /// - Throws: ``Problem`` for a body that is no JSON, or has other members beside `events`.
    mutating func next() throws(Problem) -> UnsafeRawBufferPointer? {
        if isFirst {
            isFirst = false
            if take(UInt8(ascii: "]")) { return try finish() }
        } else if !take(UInt8(ascii: ",")) {
            guard take(UInt8(ascii: "]")) else { throw malformed() }
            return try finish()
        }
        let start = at
        var depth = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}") where depth > 0, UInt8(ascii: "]") where depth > 0:
                depth -= 1
            case UInt8(ascii: ",") where depth == 0, UInt8(ascii: "]") where depth == 0,
                UInt8(ascii: "}") where depth == 0:
                return UnsafeRawBufferPointer(rebasing: bytes[start..<at])
            default:
                break
            }
            at += 1
        }
        throw malformed()
    }

    private mutating func finish() throws(Problem) -> UnsafeRawBufferPointer? {
        if take(UInt8(ascii: ",")) {
            guard let name = name() else { throw malformed() }
            let text = name.withUnsafeBytes { JSONText.string(fromCanonical: $0) }
            guard let text else { throw malformed() }
            let isRepeated = text == "events"
            throw Problem(
                telling: InvalidEvent(
                    field: text,
                    code: isRepeated ? .duplicateName : .unknownMember,
                    message: isRepeated
                        ? "a name appears twice in one object"
                        : "is not a member of a bulk"
                )
            )
        }
        guard take(UInt8(ascii: "}")) else { throw malformed() }
        skipWhiteSpace()
        guard at == bytes.count else { throw malformed() }
        return nil
    }

    /// The next string with its quotes, or nil if there is none.
    private mutating func name() -> [UInt8]? {
        skipWhiteSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
        let start = at
        skipString()
        return at <= bytes.count ? Array(bytes[start..<at]) : nil
    }

    private static func isEvents(_ name: [UInt8]) -> Bool {
        name.elementsEqual("\"events\"".utf8)
            || name.contains(UInt8(ascii: "\\")) && JSONText.string(fromCanonical: name) == "events"
    }

    /// Steps over a string, or to the end if it does not end.
    private mutating func skipString() {
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at = min(at + 1, bytes.count)
    }

    private mutating func skipWhiteSpace() {
        while at < bytes.count,
            bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09
        {
            at += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipWhiteSpace()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private func malformed() -> Problem {
        Problem(
            telling: InvalidEvent(field: "", code: .malformed, message: "not JSON at byte \(at)")
        )
    }
}
