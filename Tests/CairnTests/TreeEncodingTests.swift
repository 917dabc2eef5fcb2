// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@Suite struct TreeEncodingTests {
    @Test("Text encodings give the examples of RFC 4648 10")
    func examples() {
        let examples = [
            ("", "", "", ""), ("f", "66", "Zg==", "Zg"), ("fo", "666f", "Zm8=", "Zm8"),
            ("foo", "666f6f", "Zm9v", "Zm9v"), ("foob", "666f6f62", "Zm9vYg==", "Zm9vYg"),
            ("fooba", "666f6f6261", "Zm9vYmE=", "Zm9vYmE"),
            ("foobar", "666f6f626172", "Zm9vYmFy", "Zm9vYmFy"),
        ]
        for (text, hex, base64, base64URL) in examples {
            let bytes = Array(text.utf8)
            #expect(Hex.encode(bytes) == hex)
            #expect(Hex.decode(hex) == bytes)
            #expect(Base64.encode(bytes) == base64)
            #expect(Base64.decode(base64) == bytes)
            #expect(Base64URL.encode(bytes) == base64URL)
            #expect(Base64URL.decode(base64URL) == bytes)
        }
        #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == "+//+")
        #expect(Base64URL.encode([0xFB, 0xFF, 0xFE]) == "-__-")
    }

    @Test("Any bytes survive each encoding, and read as another implementation writes them")
    func roundTrips() {
        let seed: UInt64 = 0x5EED_0002
        var generator = SeededGenerator(seed: seed)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let standard = Data(bytes).base64EncodedString()
            let url = standard.replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
            let hex = bytes.map { String(format: "%02x", $0) }.joined()
            #expect(Base64.encode(bytes) == standard, "seed \(seed) length \(length)")
            #expect(Base64.decode(standard) == bytes, "seed \(seed) length \(length)")
            #expect(Base64URL.encode(bytes) == url, "seed \(seed) length \(length)")
            #expect(Base64URL.decode(url) == bytes, "seed \(seed) length \(length)")
            #expect(Hex.encode(bytes) == hex, "seed \(seed) length \(length)")
            #expect(Hex.encode(AnySequence(bytes)) == hex, "seed \(seed) length \(length)")
            #expect(Hex.decode(hex) == bytes, "seed \(seed) length \(length)")
            var output: [UInt8] = [0x21]
            bytes.withUnsafeBytes { Hex.append($0, to: &output) }
            bytes.withUnsafeBytes { Base64URL.append($0, to: &output) }
            #expect(output == Array(("!" + hex + url).utf8), "seed \(seed) length \(length)")
        }
    }

    @Test("Every text of two bytes that decodes is the text its bytes encode to")
    func everyShortText() {
        var counts = [0, 0]
        for first in UInt8.min...127 {
            for second in UInt8.min...127 {
                let text = String(decoding: [first, second], as: UTF8.self)
                if let bytes = Hex.decode(text) {
                    counts[0] += Array(Hex.encode(bytes).utf8) == [first, second] ? 1 : 0
                }
                if let bytes = Base64URL.decode(text) {
                    counts[1] += Array(Base64URL.encode(bytes).utf8) == [first, second] ? 1 : 0
                }
            }
        }
        #expect(counts == [256, 256])
    }

    @Test("A text with one byte changed is refused, or is the text its bytes encode to")
    func changedTexts() {
        let (base64, base64URL) = ("Zm9vYmE=", "Zm9vYmE")
        for place in 0..<8 {
            for byte in UInt8.min...127 {
                var text = Array(base64.utf8)
                text[place] = byte
                if let bytes = Base64.decode(String(decoding: text, as: UTF8.self)) {
                    #expect(Array(Base64.encode(bytes).utf8) == text)
                }
                guard place < 7 else { continue }
                text = Array(base64URL.utf8)
                text[place] = byte
                if let bytes = Base64URL.decode(String(decoding: text, as: UTF8.self)) {
                    #expect(Array(Base64URL.encode(bytes).utf8) == text)
                }
            }
        }
    }

    @Test(
        "Standard base64 that is not canonical is refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "=", "==", "====", "A===", "Zm9v=", "Z=g=",
            "Zm9v\n", " Zm9v", "Zm9v Zm9v", "-__-", "Zg==Zg==", "Zm9é", "Zm9\0", "Zm9v====",
        ]
    )
    func looseBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "Base64url that is padded or not canonical is refused",
        arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm9vY", "+//+", "Zm9v\n", "Zm9é", "Zm8="]
    )
    func looseBase64URL(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(
        "Hexadecimal with capitals, of odd length or with anything else is refused",
        arguments: ["0", "000", "AB", "aB", "0g", "0x00", " 00", "00 ", "é", "0/", "0:", "0`"]
    )
    func looseHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("A digest is exactly 32 bytes, in every form it can be written")
    func digestForms() throws {
        let digest = Digest.sha256(Array("abc".utf8))
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(digest.hex == hex)
        #expect("\(digest)" == hex)
        #expect(Digest(hex: hex) == digest)
        #expect(Digest(base64: digest.base64) == digest)
        #expect(Digest(base64URL: digest.base64URL) == digest)
        #expect(digest.base64 == Data(digest.bytes).base64EncodedString())
        #expect(digest.base64URL.utf8.count == 43)
        #expect(Digest(digest.bytes) == digest)
        #expect(Digest(Data(digest.bytes)) == digest)
        #expect(Digest(([0] + digest.bytes)[1...]) == digest)
        #expect(Digest(AnyCollection(digest.bytes)) == digest)
        #expect(Digest.sha256("abc".utf8) == digest)
        #expect(Digest.sha256(AnyCollection("abc".utf8)) == digest)
        var output: [UInt8] = []
        digest.append(to: &output)
        digest.appendHex(to: &output)
        digest.appendBase64URL(to: &output)
        #expect(output == digest.bytes + Array(hex.utf8) + Array(digest.base64URL.utf8))

        #expect(Digest([]) == nil)
        #expect(Digest(digest.bytes.dropLast()) == nil)
        #expect(Digest(digest.bytes + [0]) == nil)
        #expect(Digest(hex: hex.uppercased()) == nil)
        #expect(Digest(hex: String(hex.dropLast(2))) == nil)
        #expect(Digest(hex: hex + "00") == nil)
        #expect(Digest(base64: digest.base64URL) == nil)
        #expect(Digest(base64URL: digest.base64) == nil)
        #expect(Digest(base64: Base64.encode(digest.bytes.dropLast())) == nil)
        #expect(Digest(base64URL: Base64URL.encode(digest.bytes + [0])) == nil)
    }

    @Test("Leaves of any length hash as a zero byte and the leaf")
    func leafLengths() {
        for length in [0, 1, 55, 56, 63, 64, 999, 1_000, 1_001, 1_023, 1_024, 4_096, 70_000] {
            let leaf = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(Digest.leaf(leaf).bytes == TreeReference.sha256([0x00] + leaf), "\(length)")
            #expect(Digest.sha256(leaf).bytes == TreeReference.sha256(leaf), "\(length)")
        }
        let (left, right) = (Digest.leaf([1]), Digest.leaf([2]))
        #expect(
            Digest.node(left: left, right: right).bytes
                == TreeReference.sha256([0x01] + left.bytes + right.bytes)
        )
        #expect(
            Digest.emptyRoot.hex
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
    }
}
