// SPDX-License-Identifier: Apache-2.0

/// How many characters of one name, and how many steps, a path shows.
private let shownNameLength = 64
private let shownSteps = 16

extension JSONReader {
    /// One container around a place, and where in it the place is.
    private enum Step {
        /// In an object; the range of the name's bytes once it was passed.
        case member(Range<Int>?)
        /// In an array, at a position.
        case element(Int)
    }

    /// The names and positions that lead to a place in the text, which is valid up to there.
    func path(upTo limit: Int) -> String {
        var steps: [Step] = []
        var index = 0
        while index < min(limit, end) {
            switch bytes[index] {
            case Byte.openBrace:
                steps.append(.member(nil))
            case Byte.openBracket:
                steps.append(.element(0))
            case Byte.closeBrace, Byte.closeBracket:
                _ = steps.popLast()
            case Byte.comma:
                switch steps.popLast() {
                case .member: steps.append(.member(nil))
                case .element(let position): steps.append(.element(position + 1))
                case nil: break
                }
            case Byte.quote:
                let close = closingQuote(after: index)
                if case .member(nil) = steps.last, close < limit {
                    steps[steps.count - 1] = .member(index + 1..<close)
                }
                index = close
            default:
                break
            }
            index += 1
        }
        return text(of: steps)
    }

    private func closingQuote(after open: Int) -> Int {
        var index = open + 1
        while index < end, bytes[index] != Byte.quote {
            index += bytes[index] == Byte.backslash ? 2 : 1
        }
        return index
    }

    private func text(of steps: [Step]) -> String {
        var path = ""
        for step in steps.prefix(shownSteps) {
            switch step {
            case .member(nil):
                break
            case .member(let name?):
                var reader = JSONReader(
                    UnsafeRawBufferPointer(rebasing: bytes[name.lowerBound - 1...name.upperBound]),
                    limits: JSONLimits(bytes: end)
                )
                // The text up to here was read before, so the name is a valid string; were it
                // not, the fault that is being reported matters more than this one.
                guard let text = try? reader.readString() else { return path }
                path += path.isEmpty ? "" : "."
                path += Self.shortened(text)
            case .element(let position):
                path += "[\(position)]"
            }
        }
        return steps.count > shownSteps ? path + "…" : path
    }

    private static func shortened(_ name: String) -> String {
        let shown = name.unicodeScalars.prefix(shownNameLength)
        guard shown.endIndex < name.unicodeScalars.endIndex else { return name }
        return String(String.UnicodeScalarView(shown)) + "…"
    }
}
