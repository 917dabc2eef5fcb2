// SPDX-License-Identifier: Apache-2.0

/// Finds secrets that show in a text by their shape.
///
/// It looks at the beginnings of words alone, so that a text without secrets costs little more than
/// reading it.
struct SecretScanner: Sendable {
    /// A secret in a text.
    struct Match: Equatable {
        /// Where it is, in bytes.
        let range: Range<Int>
        /// What it is.
        let detector: RedactionRules.Detector
    }

    /// A bit for each kind that is looked for.
    private let detectors: UInt16

    /// Looks for some kinds of secrets.
    init(_ detectors: some Sequence<RedactionRules.Detector>) {
        self.detectors = detectors.reduce(0) { $0 | $1.bit }
    }

    private func seeks(_ detector: RedactionRules.Detector) -> Bool {
        detectors & detector.bit != 0
    }

    /// What a byte may begin.
    private enum Kind {
        static let other: UInt8 = 0
        static let letter: UInt8 = 1
        static let digit: UInt8 = 2
        static let dash: UInt8 = 3
        static let slash: UInt8 = 4
        static let escape: UInt8 = 5
    }

    private static let kinds: [UInt8] = (0...255).map { value in
        switch UInt8(value) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            Kind.letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Kind.digit
        case UInt8(ascii: "-"): Kind.dash
        case UInt8(ascii: "/"): Kind.slash
        case UInt8(ascii: "\\"): Kind.escape
        default: Kind.other
        }
    }

    /// Whether a byte is an ASCII letter or digit.
    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// The first secret at or after a place; nil when there is none.
    ///
    /// In canonical JSON a backslash begins an escape and ends a word.
    func next(
        in text: UnsafeRawBufferPointer,
        from start: Int = 0,
        isJSON: Bool = false
    ) -> Match? {
        guard detectors != 0 else { return nil }
        return SecretScanner.kinds.withUnsafeBufferPointer { kinds in
            var (at, tokenless) = (start, start)
            while at < text.count {
                let byte = text[at]
                let kind = kinds[Int(byte)]
                switch kind {
                case Kind.letter, Kind.digit:
                    let match =
                        kind == Kind.digit ? number(text, at) : word(text, at, &tokenless)
                    if let match { return match }
                    repeat {
                        at += 1
                    } while at < text.count
                        && (kinds[Int(text[at])] == Kind.letter
                            || kinds[Int(text[at])] == Kind.digit)
                case Kind.dash:
                    if let match = privateKey(text, at) { return match }
                    at += 1
                case Kind.slash:
                    if let match = urlPassword(text, at) { return match }
                    at += 1
                case Kind.escape where isJSON:
                    at += at + 1 < text.count && text[at + 1] == UInt8(ascii: "u") ? 6 : 2
                default:
                    at += 1
                }
            }
            return nil
        }
    }

    // MARK: Words

    /// `tokenless` is up to where no token begins, because the same letters were looked at before.
    private func word(
        _ text: UnsafeRawBufferPointer,
        _ at: Int,
        _ tokenless: inout Int
    ) -> Match? {
        switch text[at] {
        case UInt8(ascii: "e") where seeks(.jwt) && at >= tokenless:
            let (end, isToken) = Shape.jwt(text, at)
            if isToken { return Match(range: at..<end, detector: .jwt) }
            tokenless = end
        case UInt8(ascii: "b"), UInt8(ascii: "B"):
            if seeks(.authorization), let end = Shape.authorization(text, at) {
                return Match(range: at..<end, detector: .authorization)
            }
        default: break
        }
        if seeks(.serviceKey), let end = ServiceKeys.end(text, at) {
            return Match(range: at..<end, detector: .serviceKey)
        }
        if seeks(.iban), let end = Shape.iban(text, at) {
            return Match(range: at..<end, detector: .iban)
        }
        return nil
    }

    // MARK: Numbers

    private func number(_ text: UnsafeRawBufferPointer, _ at: Int) -> Match? {
        if seeks(.paymentCard), let end = Shape.paymentCard(text, at) {
            return Match(range: at..<end, detector: .paymentCard)
        }
        if seeks(.usSSN), let end = Shape.usSSN(text, at) {
            return Match(range: at..<end, detector: .usSSN)
        }
        return nil
    }

    // MARK: Marks

    private func privateKey(_ text: UnsafeRawBufferPointer, _ at: Int) -> Match? {
        guard seeks(.privateKey), let end = Shape.privateKey(text, at) else {
            return nil
        }
        return Match(range: at..<end, detector: .privateKey)
    }

    private func urlPassword(_ text: UnsafeRawBufferPointer, _ at: Int) -> Match? {
        guard seeks(.urlPassword), let range = Shape.urlPassword(text, at) else {
            return nil
        }
        return Match(range: range, detector: .urlPassword)
    }
}

extension RedactionRules.Detector {
    fileprivate var bit: UInt16 {
        switch self {
        case .paymentCard: 1
        case .jwt: 2
        case .authorization: 4
        case .serviceKey: 8
        case .privateKey: 16
        case .usSSN: 32
        case .iban: 64
        case .urlPassword: 128
        }
    }
}
