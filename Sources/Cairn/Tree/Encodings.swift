// SPDX-License-Identifier: Apache-2.0

/// Hexadecimal text, lower-case only (RFC 4648 8 with the other case refused).
public enum Hex {
    private static let values = inverse(of: "0123456789abcdef")

    /// Writes two lower-case digits for each byte.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let direct = bytes.withContiguousStorageIfAvailable { text(of: UnsafeRawBufferPointer($0)) }
        return direct ?? Array(bytes).withUnsafeBytes { text(of: $0) }
    }

    /// Appends two lower-case digits for each byte to `output`.
    public static func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * bytes.count) { block in
            write(bytes, to: block)
            output.append(contentsOf: block)
        }
    }

    /// Reads an even number of lower-case digits; nil for any other text.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Reads an even number of lower-case digits from UTF-8 bytes; nil for anything else.
    package static func decode(utf8 text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var seen: UInt8 = 0
        let bytes = values.withUnsafeBufferPointer { values in
            [UInt8](unsafeUninitializedCapacity: text.count / 2) { block, count in
                count = text.count / 2
                for index in 0..<count {
                    let high = values[Int(text[2 * index])]
                    let low = values[Int(text[2 * index + 1])]
                    seen |= high | low
                    block[index] = high << 4 | low & 0x0F
                }
            }
        }
        return seen < 16 ? bytes : nil
    }

    static func text(of bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { block in
            write(bytes, to: block)
            return 2 * bytes.count
        }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer,
        to block: UnsafeMutableBufferPointer<UInt8>
    ) {
        for index in 0..<bytes.count {
            block[2 * index] = digit(bytes[index] >> 4)
            block[2 * index + 1] = digit(bytes[index] & 0x0F)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value &+ (value < 10 ? 0x30 : 0x57)
    }
}

/// Standard base64 with padding (RFC 4648 4).
public enum Base64 {
    /// Writes `bytes` as padded text.
    public static func encode(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { Radix64.standard.text(of: $0) }
    }

    /// Reads padded text; nil for any text that ``encode(_:)`` would not write.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Reads padded UTF-8 text; nil for any text that ``encode(_:)`` would not write.
    package static func decode(utf8 text: UnsafeRawBufferPointer) -> [UInt8]? {
        Radix64.standard.decode(text)
    }
}

/// The base64 variant for URLs and file names, without padding (RFC 4648 5).
public enum Base64URL {
    /// Writes `bytes` as unpadded text.
    public static func encode(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { Radix64.url.text(of: $0) }
    }

    /// Appends `bytes` as unpadded text to `output`.
    public static func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        Radix64.url.append(bytes, to: &output)
    }

    /// Reads unpadded text; nil for any text that ``encode(_:)`` would not write.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Reads unpadded UTF-8 text; nil for any text that ``encode(_:)`` would not write.
    package static func decode(utf8 text: UnsafeRawBufferPointer) -> [UInt8]? {
        Radix64.url.decode(text)
    }
}

/// The two alphabets of RFC 4648 that carry six bits in a character.
struct Radix64: Sendable {
    static let standard = Radix64(last: "+/", isPadded: true)
    static let url = Radix64(last: "-_", isPadded: false)

    private static let padding: UInt8 = 0x3D

    private let digits: [UInt8]
    private let values: [UInt8]
    private let isPadded: Bool

    private init(last: String, isPadded: Bool) {
        let alphabet =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last
        self.digits = Array(alphabet.utf8)
        self.values = inverse(of: alphabet)
        self.isPadded = isPadded
    }

    func text(of bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: encodedCount(of: bytes.count)) { block in
            write(bytes, to: block)
            return encodedCount(of: bytes.count)
        }
    }

    func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        let count = encodedCount(of: bytes.count)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { block in
            write(bytes, to: block)
            output.append(contentsOf: block)
        }
    }

    /// Reads the 43 characters of 32 bytes, without an array of them.
    func digest(_ text: UnsafeRawBufferPointer) -> Digest? {
        guard !isPadded, text.count == 43 else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { block in
            guard read(text, bodyCount: 43, to: block) else { return nil }
            return Digest(raw: UnsafeRawBufferPointer(block))
        }
    }

    func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var bodyCount = text.count
        if isPadded {
            guard text.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where bodyCount > 0 && text[bodyCount - 1] == Self.padding {
                bodyCount -= 1
            }
        }
        let tail = bodyCount % 4
        guard tail != 1 else { return nil }
        let byteCount = bodyCount / 4 * 3 + max(tail - 1, 0)
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { block, count in
            count = byteCount
            isValid = read(text, bodyCount: bodyCount, to: block)
        }
        return isValid ? bytes : nil
    }

    private func encodedCount(of byteCount: Int) -> Int {
        isPadded ? (byteCount + 2) / 3 * 4 : (byteCount * 4 + 2) / 3
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer,
        to block: UnsafeMutableBufferPointer<UInt8>
    ) {
        digits.withUnsafeBufferPointer { digits in
            let tail = bytes.count % 3
            var output = 0
            for input in stride(from: 0, to: bytes.count - tail, by: 3) {
                let (a, b, c) = (bytes[input], bytes[input + 1], bytes[input + 2])
                block[output] = digits[Int(a >> 2)]
                block[output + 1] = digits[Int((a & 0x03) << 4 | b >> 4)]
                block[output + 2] = digits[Int((b & 0x0F) << 2 | c >> 6)]
                block[output + 3] = digits[Int(c & 0x3F)]
                output += 4
            }
            guard tail > 0 else { return }
            let a = bytes[bytes.count - tail]
            let b = tail == 2 ? bytes[bytes.count - 1] : 0
            block[output] = digits[Int(a >> 2)]
            block[output + 1] = digits[Int((a & 0x03) << 4 | b >> 4)]
            if tail == 2 {
                block[output + 2] = digits[Int((b & 0x0F) << 2)]
            }
            guard isPadded else { return }
            for index in (output + tail + 1)..<(output + 4) {
                block[index] = Self.padding
            }
        }
    }

    /// Fills `block`, and says whether every character was in the alphabet and no bit was left.
    private func read(
        _ text: UnsafeRawBufferPointer,
        bodyCount: Int,
        to block: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        values.withUnsafeBufferPointer { values in
            let tail = bodyCount % 4
            var seen: UInt8 = 0
            var output = 0
            for input in stride(from: 0, to: bodyCount - tail, by: 4) {
                let a = values[Int(text[input])]
                let b = values[Int(text[input + 1])]
                let c = values[Int(text[input + 2])]
                let d = values[Int(text[input + 3])]
                seen |= a | b | c | d
                block[output] = a << 2 | (b >> 4) & 0x03
                block[output + 1] = b << 4 | (c >> 2) & 0x0F
                block[output + 2] = c << 6 | d & 0x3F
                output += 3
            }
            guard tail > 0 else { return seen < 64 }
            let a = values[Int(text[bodyCount - tail])]
            let b = values[Int(text[bodyCount - tail + 1])]
            let c = tail == 3 ? values[Int(text[bodyCount - 1])] : 0
            seen |= a | b | c
            block[output] = a << 2 | (b >> 4) & 0x03
            if tail == 3 {
                block[output + 1] = b << 4 | (c >> 2) & 0x0F
            }
            let unused = tail == 3 ? c & 0x03 : b & 0x0F
            return seen < 64 && unused == 0
        }
    }
}

/// Makes the table from a byte to its place in `alphabet`, 0xFF for bytes that have none.
private func inverse(of alphabet: String) -> [UInt8] {
    var table = [UInt8](repeating: 0xFF, count: 256)
    for (place, byte) in alphabet.utf8.enumerated() {
        table[Int(byte)] = UInt8(place)
    }
    return table
}
