// SPDX-License-Identifier: Apache-2.0

/// Finds members by name: `userPassword`, `user-password` and `USER_PASSWORD2` are one name, and
/// `className` is none that ends in `ssn`.
///
/// A name is split into words where its writer did: at `_`, `-` and other marks, before capitals,
/// and around digits. It is sensitive if its last words are, words such as `value` or `hash` aside.
struct SensitiveNames: Sendable {
    /// What names credentials; nothing of their values may be kept.
    static let credentials = [
        "password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "api key",
        "authorization", "cookie", "private key", "access key", "secret key", "signing key",
        "encryption key", "credential", "jwt", "bearer", "pin", "pin code", "otp", "totp", "cvv",
        "cvc", "security code", "mfa code", "client secret", "access token", "refresh token",
        "auth token", "csrf token", "xsrf token", "session token", "password hash", "db pass",
        "user pass", "session cookie", "proxy authorization", "set cookie",
        "connection string", "ssh key",
    ]
    /// What applications commonly call secrets.
    static let standard =
        credentials + [
            "credit card", "debit card", "card number", "ssn", "social security",
            "social security number", "tax id", "bank account", "account number", "routing number",
            "iban",
        ]

    /// Words after a sensitive name that leave it one.
    private static let qualifiers: Set<String> = [
        "value", "hash", "hashed", "text", "plain", "plaintext", "clear", "cleartext", "confirm",
        "confirmation", "repeat", "again", "old", "new", "current", "previous", "raw", "encrypted",
        "string", "str", "number", "num", "no", "code", "header", "input", "field", "data", "base",
        "pem", "digest", "sha", "md", "bcrypt", "scrypt", "argon", "enc", "list", "v",
    ]

    private let actions: [String: RedactionRules.Action]
    /// Whether three letters, five bits each, begin a sensitive name.
    private let beginnings: [Bool]
    /// Whether a name is too short to be found by its beginning.
    private let hasShort: Bool

    init(_ rules: RedactionRules) {
        actions = rules.names.filter { !rules.allowedNames.contains($0.key) }
        var beginnings = [Bool](repeating: false, count: 1 << 15)
        var hasShort = false
        for name in actions.keys {
            let letters = Array(name.utf8.prefix(3))
            hasShort = hasShort || letters.count < 3
            guard letters.count == 3 else { continue }
            beginnings[letters.reduce(0) { $0 << 5 | Int($1 & 0x1F) }] = true
        }
        self.beginnings = beginnings
        self.hasShort = hasShort
    }

    /// Whether a name, as canonical JSON has it, may be sensitive.
    func concern(_ name: UnsafeRawBufferPointer) -> Bool {
        guard mayMatch(name) else { return false }
        // What is escaped is looked at when the document is read.
        return name.contains(UInt8(ascii: "\\"))
            || rule(String(decoding: name, as: UTF8.self)) != nil
    }

    /// Whether a name has to be looked at closely; false for nearly all that are not sensitive.
    private func mayMatch(_ name: UnsafeRawBufferPointer) -> Bool {
        if hasShort { return true }
        var (last, count) = (0, 0)
        return beginnings.withUnsafeBufferPointer { beginnings in
            for byte in name where SecretScanner.isWord(byte) {
                last = (last << 5 | Int(byte & 0x1F)) & 0x7FFF
                count += 1
                if count >= 3, beginnings[last] { return true }
            }
            return false
        }
    }

    /// What is known of a sensitive name.
    struct Rule {
        /// What becomes of its values.
        let action: RedactionRules.Action
        /// Whether it is in the plural, under which a number is a count.
        let isPlural: Bool
    }

    /// How many words at a name's end are looked at.
    private static let lastWords = 8

    /// What is known of a name; nil for one that is not sensitive.
    func rule(_ name: String) -> Rule? {
        var words = SensitiveNames.words(of: name)[...].suffix(Self.lastWords)
        while let last = words.last {
            var joined = ""
            for word in words.reversed() {
                joined = word + joined
                if let action = actions[joined] { return Rule(action: action, isPlural: false) }
                if joined.hasSuffix("s"), let action = actions[String(joined.dropLast())] {
                    return Rule(action: action, isPlural: true)
                }
            }
            // Names that are written together end in a word that means nothing else.
            for ending in Self.endings where last.hasSuffix(ending) {
                if let action = actions[ending] { return Rule(action: action, isPlural: false) }
            }
            guard SensitiveNames.qualifiers.contains(last) || last.utf8.allSatisfy(isDigit) else {
                return nil
            }
            words.removeLast()
        }
        return nil
    }

    private static let endings = ["password", "passwd", "passphrase"]

    /// A name's words in one, as rules are kept.
    static func fold(_ name: String) -> String {
        words(of: name).joined()
    }

    /// The words of a name, in lower case.
    private static func words(of name: String) -> [String] {
        // No rule's name is longer.
        let bytes = Array(name.utf8.suffix(256))
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        func end() {
            if !word.isEmpty { words.append(word) }
            word = []
        }
        for (position, byte) in bytes.enumerated() {
            let previous = position > 0 ? bytes[position - 1] : 0
            let next = position + 1 < bytes.count ? bytes[position + 1] : 0
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                if !isUpper(previous) || isLower(next) { end() }
                word.append(byte | 0x20)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if !isDigit(previous) { end() }
                word.append(byte)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...:
                if isDigit(previous) { end() }
                word.append(byte)
            default: end()
            }
        }
        end()
        return words.map { String(decoding: $0, as: UTF8.self) }
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
}

private func isUpper(_ byte: UInt8) -> Bool {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
}

private func isLower(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
}
