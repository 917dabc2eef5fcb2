// SPDX-License-Identifier: Apache-2.0

/// A number of the input as an exact decimal: digits x 10^(scale - count of digits).
///
/// No binary floating point is involved: the digits stay in the input and are written from there.
struct JSONDecimal {
    /// The limits of the record format, which every double keeps.
    private static let digitLimit = 40
    private static let scales = -323...309

    private let isNegative: Bool
    /// The digits before the point.
    private let integer: Range<Int>
    /// The digits after the point.
    private let fraction: Range<Int>
    /// The first and the end of the digits between leading and trailing zeros, counted from the
    /// first digit before the point, the point itself not counted.
    private let digits: Range<Int>
    /// The power of ten that the digits, written after `0.`, are multiplied by.
    private let scale: Int

    init(
        isNegative: Bool,
        integer: Range<Int>,
        fraction: Range<Int>,
        exponent: Int,
        in bytes: UnsafeRawBufferPointer
    ) {
        self.isNegative = isNegative
        self.integer = integer
        self.fraction = fraction
        var first = 0
        var last = integer.count + fraction.count
        func isZero(_ position: Int) -> Bool {
            Self.digit(at: position, integer, fraction, bytes) == Byte.zero
        }
        while first < last, isZero(first) { first += 1 }
        while last > first, isZero(last - 1) { last -= 1 }
        digits = first..<last
        scale = integer.count - first + exponent
    }

    /// Whether the record format can hold the number.
    var isInRange: Bool {
        digits.isEmpty || digits.count <= Self.digitLimit && Self.scales.contains(scale)
    }

    /// Appends the number in the layout of RFC 8785 section 3.2.2.3.
    func appendCanonical(from bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        guard !digits.isEmpty else {
            output.append(Byte.zero)
            return
        }
        if isNegative {
            output.append(Byte.minus)
        }
        let count = digits.count
        func append(_ range: Range<Int>) {
            for position in range {
                output.append(
                    Self.digit(at: digits.lowerBound + position, integer, fraction, bytes)
                )
            }
        }
        switch scale {
        case 1...21 where count <= scale:
            append(0..<count)
            output.append(contentsOf: repeatElement(Byte.zero, count: scale - count))
        case 1...21:
            append(0..<scale)
            output.append(Byte.point)
            append(scale..<count)
        case -5...0:
            output.append(Byte.zero)
            output.append(Byte.point)
            output.append(contentsOf: repeatElement(Byte.zero, count: -scale))
            append(0..<count)
        default:
            append(0..<1)
            if count > 1 {
                output.append(Byte.point)
                append(1..<count)
            }
            output.append(Byte.e)
            if scale > 0 {
                output.append(Byte.plus)
            }
            JSONText.appendInteger(scale - 1, to: &output)
        }
    }

    @inline(__always)
    private static func digit(
        at position: Int,
        _ integer: Range<Int>,
        _ fraction: Range<Int>,
        _ bytes: UnsafeRawBufferPointer
    ) -> UInt8 {
        position < integer.count
            ? bytes[integer.lowerBound + position]
            : bytes[fraction.lowerBound + position - integer.count]
    }
}

extension JSONReader {
    /// Steps over a number, whose first byte was looked at; nil if it is canonical as it stands.
    mutating func scanNumber() throws(InvalidJSON) -> JSONDecimal? {
        let isNegative = current == Byte.minus
        if isNegative {
            offset += 1
        }
        let integer = try scanInteger()
        let startsWithZero = bytes[integer.lowerBound] == Byte.zero
        var fraction = offset..<offset
        var exponent: Int?
        if current == Byte.point {
            offset += 1
            fraction = try scanDigits()
        }
        if current == Byte.e || current == Byte.upperE {
            exponent = try scanExponent()
        }
        if exponent == nil, integer.count <= 21 {
            if fraction.isEmpty {
                guard startsWithZero, isNegative else { return nil }
            } else if fraction.count <= 17, bytes[fraction.upperBound - 1] != Byte.zero,
                !startsWithZero || bytes[fraction.lowerBound] != Byte.zero
            {
                return nil
            }
        }
        return JSONDecimal(
            isNegative: isNegative,
            integer: integer,
            fraction: fraction,
            exponent: exponent ?? 0,
            in: bytes
        )
    }

    /// Steps over `0`, or digits that do not start with it.
    private mutating func scanInteger() throws(InvalidJSON) -> Range<Int> {
        guard current == Byte.zero else { return try scanDigits() }
        offset += 1
        return offset - 1..<offset
    }

    /// Steps over one or more digits.
    private mutating func scanDigits() throws(InvalidJSON) -> Range<Int> {
        let start = offset
        while Byte.zero...Byte.nine ~= current {
            offset += 1
        }
        guard offset > start else { throw unexpected() }
        return start..<offset
    }

    /// Steps over an exponent; one beyond any number of digits comes back as such a bound.
    private mutating func scanExponent() throws(InvalidJSON) -> Int {
        offset += 1
        let isNegative = current == Byte.minus
        if isNegative || current == Byte.plus {
            offset += 1
        }
        var value = 0
        for index in try scanDigits() {
            value = min(value * 10 + Int(bytes[index] - Byte.zero), 1 << 56)
        }
        return isNegative ? -value : value
    }
}
