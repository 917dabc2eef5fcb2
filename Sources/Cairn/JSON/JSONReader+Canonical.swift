// SPDX-License-Identifier: Apache-2.0

/// What the reader keeps while it writes canonical bytes.
///
/// Text that is canonical already is not copied token by token: the reader only moves on, and
/// copies the whole stretch from `pending` when it meets something to leave out or write anew.
struct CanonicalState {
    /// From here up to the offset, the input is canonical and not copied yet.
    var pending = 0
    /// The members, so far, of every object that is open; the innermost last.
    var members: [CanonicalMember] = []
    /// Room for the members of an object while they change places, and for dropped values.
    var scratch: [UInt8] = []
}

extension JSONReader {
    /// Appends the canonical bytes of the next value; puts `output` back on a throw.
    mutating func appendCanonicalValue(to output: inout [UInt8]) throws(InvalidJSON) {
        let count = output.count
        skipWhiteSpace()
        canonical.pending = offset
        do {
            try copyValue(to: &output)
        } catch {
            output.removeLast(output.count - count)
            throw error
        }
        flush(to: &output)
    }

    /// Reads the next value and drops it.
    mutating func skipValue() throws(InvalidJSON) {
        var dropped: [UInt8] = []
        swap(&dropped, &canonical.scratch)
        dropped.removeAll(keepingCapacity: true)
        try appendCanonicalValue(to: &dropped)
        swap(&dropped, &canonical.scratch)
    }

    private mutating func copyValue(to output: inout [UInt8]) throws(InvalidJSON) {
        switch current {
        case Byte.quote: _ = try copyString(to: &output)
        case Byte.openBrace: try copyObject(to: &output)
        case Byte.openBracket: try copyArray(to: &output)
        case Byte.t: try consume("true")
        case Byte.f: try consume("false")
        case Byte.n: try consume("null")
        case Byte.minus, Byte.zero...Byte.nine: try copyNumber(to: &output)
        default: throw unexpected()
        }
    }

    private mutating func copyString(
        to output: inout [UInt8]
    ) throws(InvalidJSON) -> JSONStringSpan {
        let open = offset
        let span = try scanString()
        if !span.isCanonical {
            output.append(contentsOf: bytes[canonical.pending..<open])
            appendCanonicalString(span, to: &output)
            canonical.pending = offset
        }
        return span
    }

    private mutating func copyNumber(to output: inout [UInt8]) throws(InvalidJSON) {
        let start = offset
        guard let decimal = try scanNumber() else { return }
        guard decimal.isInRange else { throw failure(.numberOutOfRange, at: start) }
        output.append(contentsOf: bytes[canonical.pending..<start])
        decimal.appendCanonical(from: bytes, to: &output)
        canonical.pending = offset
    }

    private mutating func copyArray(to output: inout [UInt8]) throws(InvalidJSON) {
        try descend()
        offset += 1
        dropWhiteSpace(to: &output)
        if current != Byte.closeBracket {
            while true {
                try copyValue(to: &output)
                dropWhiteSpace(to: &output)
                guard current == Byte.comma else { break }
                offset += 1
                dropWhiteSpace(to: &output)
            }
        }
        guard current == Byte.closeBracket else { throw unexpected() }
        offset += 1
        depth -= 1
    }

    private mutating func copyObject(to output: inout [UInt8]) throws(InvalidJSON) {
        try descend()
        offset += 1
        dropWhiteSpace(to: &output)
        let first = canonical.members.count
        if current != Byte.closeBrace {
            var isSorted = true
            while true {
                let isGreater = try copyName(after: isSorted ? first : nil, to: &output)
                isSorted = isSorted && isGreater
                try copyValue(to: &output)
                dropWhiteSpace(to: &output)
                guard current == Byte.comma else { break }
                offset += 1
                dropWhiteSpace(to: &output)
            }
            guard current == Byte.closeBrace else { throw unexpected() }
            if !isSorted {
                flush(to: &output)
                try sortMembers(from: first, in: &output)
            }
            canonical.members.removeLast(canonical.members.count - first)
        }
        offset += 1
        depth -= 1
    }

    /// Copies a name and its colon, and notes the member.
    ///
    /// If `first` is given, the members from there on are known to be sorted, and the result is
    /// whether they still are.
    private mutating func copyName(
        after first: Int?,
        to output: inout [UInt8]
    ) throws(InvalidJSON) -> Bool {
        guard current == Byte.quote else { throw unexpected() }
        let source = offset
        let start = position(in: output)
        let span = try copyString(to: &output)
        let member = CanonicalMember(
            name: start + 1..<position(in: output) - 1,
            prefix: prefix(of: span),
            source: source
        )
        var isGreater = true
        if let first, canonical.members.count > first {
            let last = canonical.members[canonical.members.count - 1]
            if last.isSurelyBefore(member) {
                isGreater = true
            } else if member.isSurelyBefore(last) {
                isGreater = false
            } else {
                flush(to: &output)
                switch output.withUnsafeBytes({ last.order(with: member, in: $0) }) {
                case .ascending: isGreater = true
                case .descending: isGreater = false
                case .equal: throw failure(.duplicateName, at: source, pathUpTo: offset)
                }
            }
        }
        canonical.members.append(member)
        dropWhiteSpace(to: &output)
        guard current == Byte.colon else { throw unexpected() }
        offset += 1
        dropWhiteSpace(to: &output)
        return isGreater
    }

    /// Puts the members of the innermost object, which end `output`, into their order.
    private mutating func sortMembers(
        from first: Int,
        in output: inout [UInt8]
    ) throws(InvalidJSON) {
        let begin = canonical.members[first].name.lowerBound - 1
        // A member's bytes end before the comma that precedes the next member's quote.
        var end = output.count
        for index in (first..<canonical.members.count).reversed() {
            canonical.members[index].end = end
            end = canonical.members[index].name.lowerBound - 2
        }
        let duplicate = output.withUnsafeBytes { text in
            CanonicalMember.sort(&canonical.members, from: first, in: text)
        }
        if let duplicate {
            let limit = duplicate.source
            offset = limit
            // Scanned before, so this only finds the end of the name for the path.
            _ = try scanString()
            throw failure(.duplicateName, at: limit, pathUpTo: offset)
        }
        canonical.scratch.removeAll(keepingCapacity: true)
        for member in canonical.members[first...] {
            if !canonical.scratch.isEmpty {
                canonical.scratch.append(Byte.comma)
            }
            canonical.scratch.append(contentsOf: output[member.name.lowerBound - 1..<member.end])
        }
        output.withUnsafeMutableBytes { text in
            canonical.scratch.withUnsafeBytes { sorted in
                UnsafeMutableRawBufferPointer(rebasing: text[begin...]).copyMemory(from: sorted)
            }
        }
    }

    /// The first eight bytes of a name as a number that orders like the name, or nil if bytes
    /// do not order like the name.
    private func prefix(of span: JSONStringSpan) -> UInt64? {
        guard !span.isEscaped, !span.hasHighBytes else { return nil }
        let count = span.end - span.start
        guard span.start + 8 <= end else {
            var word: UInt64 = 0
            for index in 0..<min(count, 8) {
                word |= UInt64(bytes[span.start + index]) << (56 - 8 * index)
            }
            return word
        }
        let word = bytes.loadUnaligned(fromByteOffset: span.start, as: UInt64.self).bigEndian
        return count >= 8 ? word : word & ~(UInt64.max >> (8 * count))
    }

    /// Where in the output the byte at the offset goes.
    private func position(in output: [UInt8]) -> Int {
        output.count + offset - canonical.pending
    }

    @inline(__always)
    private mutating func dropWhiteSpace(to output: inout [UInt8]) {
        guard offset < end, bytes[offset] <= Byte.space else { return }
        flush(to: &output)
        skipWhiteSpace()
        canonical.pending = offset
    }

    private mutating func flush(to output: inout [UInt8]) {
        if canonical.pending < offset {
            output.append(contentsOf: bytes[canonical.pending..<offset])
        }
        canonical.pending = offset
    }
}
