// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// The text of a string that was scanned.
    func text(of span: JSONStringSpan) -> String {
        guard span.isEscaped else {
            return String(decoding: raw(span), as: UTF8.self)
        }
        return String(decoding: unescaped(span), as: UTF8.self)
    }

    /// The name that a string stands for.
    func name(of span: JSONStringSpan) -> JSONName {
        span.isEscaped ? JSONName(utf8: unescaped(span)) : JSONName(utf8: raw(span))
    }

    /// The bytes between the quotes, as they stand.
    func raw(_ span: JSONStringSpan) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[span.start..<span.end])
    }

    private func unescaped(_ span: JSONStringSpan) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(span.end - span.start)
        var index = span.start
        while index < span.end {
            let run = plainRun(from: index, to: span.end)
            result.append(contentsOf: bytes[index..<run])
            index = run
            guard index < span.end else { break }
            let (scalar, length) = scalar(at: index)
            appendUTF8(scalar, to: &result)
            index += length
        }
        return result
    }

    /// Appends a string with its quotes, each escape written as RFC 8785 section 3.2.2.2 says.
    func appendCanonicalString(_ span: JSONStringSpan, to output: inout [UInt8]) {
        output.append(Byte.quote)
        var index = span.start
        while index < span.end {
            let run = plainRun(from: index, to: span.end)
            output.append(contentsOf: bytes[index..<run])
            index = run
            guard index < span.end else { break }
            let (scalar, length) = scalar(at: index)
            if let byte = UInt8(exactly: scalar), JSONText.needsEscape(byte) {
                JSONText.appendEscape(byte, to: &output)
            } else {
                appendUTF8(scalar, to: &output)
            }
            index += length
        }
        output.append(Byte.quote)
    }

    /// The end of the bytes from `index` on that stand for themselves.
    private func plainRun(from index: Int, to limit: Int) -> Int {
        var index = index
        while index < limit, bytes[index] != Byte.backslash {
            index += 1
        }
        return index
    }

    /// The scalar and the length of the escape at `index`, which was checked when it was scanned.
    private func scalar(at index: Int) -> (UInt32, Int) {
        switch bytes[index + 1] {
        case 0x62: return (0x08, 2)
        case 0x66: return (0x0C, 2)
        case 0x6E: return (0x0A, 2)
        case 0x72: return (0x0D, 2)
        case 0x74: return (0x09, 2)
        case Byte.u: break
        case let byte: return (UInt32(byte), 2)
        }
        guard let unit = codeUnit(at: index) else {
            preconditionFailure("an escape that was not scanned")
        }
        guard 0xD800...0xDBFF ~= unit else { return (unit, 6) }
        guard let low = codeUnit(at: index + 6) else {
            preconditionFailure("a surrogate that was not scanned")
        }
        return (0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), 12)
    }

    private func appendUTF8(_ scalar: UInt32, to output: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            output.append(UInt8(scalar))
        case 0x80..<0x800:
            output.append(UInt8(0xC0 | scalar >> 6))
            output.append(UInt8(0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            output.append(UInt8(0xE0 | scalar >> 12))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            output.append(UInt8(0x80 | scalar & 0x3F))
        default:
            output.append(UInt8(0xF0 | scalar >> 18))
            output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            output.append(UInt8(0x80 | scalar & 0x3F))
        }
    }
}
