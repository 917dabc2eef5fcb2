// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The terms a record is found by: words of its texts, its type, and one term a filter value.
///
/// Terms are ASCII tokens or folded words between spaces; texts are apart by a line feed, so that
/// a phrase cannot span two. A filter's term is a 60-bit hash of key and value, so a term can be
/// shared by two values: whoever finds by terms checks with ``RecordQuery/matches(_:)``.
package struct RecordTerms {
    private let word: [UInt8]
    private let mark: [UInt8]

    /// Terms that begin with `prefix`, by which ledgers are kept apart in one index.
    package init(prefix: String) {
        word = Array((prefix + "w").utf8)
        mark = Array(prefix.utf8)
    }

    /// The terms of a record.
    package func append(of fields: Fields, to output: inout [UInt8]) {
        visit(fields, into: &output, words: word, marks: true)
    }

    /// The words of a record alone, without a prefix.
    package static func words(of fields: Fields) -> [UInt8] {
        var output: [UInt8] = []
        RecordTerms(prefix: "").visit(fields, into: &output, words: [], marks: false)
        return output
    }

    /// The term of a word.
    package func term(word text: String) -> String {
        String(decoding: word, as: UTF8.self) + text
    }

    /// The term of a filter's value.
    package func term(_ key: FilterKey, _ value: String) -> String {
        var output = mark
        var hash = TermHash()
        key.append(to: &hash)
        hash.append(value)
        hash.append(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The term of a type, or of the beginning of one; indexes fold case.
    package func term(type text: some StringProtocol) -> String {
        String(decoding: mark, as: UTF8.self) + "t" + text.lowercased()
    }

    private func visit(
        _ fields: Fields,
        into output: inout [UInt8],
        words: [UInt8],
        marks: Bool
    ) {
        output.append(contentsOf: "\n ".utf8)
        for field in fields {
            guard case .known(let known) = field.path else { continue }
            fields.withValue(of: field) { value in
                switch known {
                case .type:
                    text(value, words, &output)
                    if marks { type(value, &output) }
                case .description, .actorName, .actorEmail:
                    text(value, words, &output)
                case .action, .actorID, .actorType:
                    text(value, words, &output)
                    if marks { filter(known, value, &output) }
                case .category, .outcome, .severity, .risk, .actorSessionID, .sourceIP,
                    .sourceRequestID, .externalID:
                    if marks { filter(known, value, &output) }
                case .resources, .details, .changeBefore, .changeAfter:
                    document(known, value, words, marks, &output)
                default:
                    break
                }
            }
        }
    }

    private func text(
        _ value: UnsafeRawBufferPointer,
        _ prefix: [UInt8],
        _ output: inout [UInt8]
    ) {
        withUnescaped(value) { TextTokenizer.append($0, prefix: prefix, to: &output) }
        output.append(contentsOf: "\n ".utf8)
    }

    private func type(_ value: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
        output.append(contentsOf: mark)
        output.append(UInt8(ascii: "t"))
        withUnescaped(value) { bytes in
            for byte in bytes {
                output.append((UInt8(ascii: "A")...UInt8(ascii: "Z")) ~= byte ? byte | 0x20 : byte)
            }
        }
        output.append(UInt8(ascii: " "))
    }

    private func filter(
        _ known: FieldPath.Known,
        _ value: UnsafeRawBufferPointer,
        _ output: inout [UInt8]
    ) {
        guard let key = FilterKey(known) else { return }
        withUnescaped(value) { bytes in
            var hash = TermHash()
            key.append(to: &hash)
            hash.append(bytes)
            output.append(contentsOf: mark)
            hash.append(to: &output)
        }
        output.append(UInt8(ascii: " "))
    }

    private func document(
        _ known: FieldPath.Known,
        _ value: UnsafeRawBufferPointer,
        _ words: [UInt8],
        _ marks: Bool,
        _ output: inout [UInt8]
    ) {
        // The id of a resource, which comes before its type. Where one of them has no type, the
        // next may be taken for its own: whoever finds a record compares it with the query.
        var pair: TermHash?
        DocumentWalker.walk(value) { path, scalar, isString in
            if isString {
                TextTokenizer.append(scalar, prefix: words, to: &output)
                output.append(contentsOf: "\n ".utf8)
            }
            guard marks, var hash = TermHash(memberOf: known, at: path) else { return }
            hash.append(scalar)
            output.append(contentsOf: mark)
            hash.append(to: &output)
            output.append(UInt8(ascii: " "))
            guard known == .resources else { return }
            if path.elementsEqual("id".utf8) {
                var hash = TermHash()
                FilterKey.resource.append(to: &hash)
                hash.append(scalar)
                hash.append(0)
                pair = hash
            } else if path.elementsEqual("type".utf8), var hash = pair {
                hash.append(scalar)
                output.append(contentsOf: mark)
                hash.append(to: &output)
                output.append(UInt8(ascii: " "))
                pair = nil
            }
        }
    }
}

/// Runs `body` on the text of a canonical JSON string, without a copy when it has no escape.
func withUnescaped(
    _ value: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) -> Void
) {
    guard value.count >= 2, value.first == UInt8(ascii: "\"") else { return }
    let inner = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
    if !inner.contains(UInt8(ascii: "\\")) {
        body(inner)
    } else if var text = JSONText.string(fromCanonical: value) {
        text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

/// FNV-1a over 64 bits, written as 12 characters of base 32.
struct TermHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    init() {}

    /// Begins the term of a document's member, if a filter compares it.
    init?(memberOf document: FieldPath.Known, at path: [UInt8]) {
        switch document {
        case .details where path.count > FilterKey.detailsPathLimitBytes:
            return nil
        case .details:
            FilterKey.append(detailsPath: path, to: &self)
        case .resources where path.elementsEqual("type".utf8):
            FilterKey.resourceType.append(to: &self)
        case .resources where path.elementsEqual("id".utf8):
            FilterKey.resourceID.append(to: &self)
        default:
            return nil
        }
    }

    mutating func append(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { append(byte) }
    }

    mutating func append(_ text: String) {
        for byte in text.utf8 { append(byte) }
    }

    func append(to output: inout [UInt8]) {
        output.append(UInt8(ascii: "f"))
        for shift in stride(from: 55, through: 0, by: -5) {
            let digit = UInt8(truncatingIfNeeded: state >> UInt64(shift)) & 0x1F
            output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
