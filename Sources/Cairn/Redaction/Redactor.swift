// SPDX-License-Identifier: Apache-2.0

/// Takes secrets out of events before anything is committed to.
///
/// Every text of an event is looked through, and `details` and `change` to any depth, arrays
/// included. The caller's event is never changed; an event without secrets is the same event.
public struct Redactor: Sendable {
    /// The rules it goes by.
    public let rules: RedactionRules
    /// Whether a key is of use, as the rules say; every event asks.
    package let needsKey: Bool
    /// What it knows of names.
    let names: SensitiveNames
    private let scanner: SecretScanner
    private let assignments: AssignmentScanner

    /// Takes out what shows by its shape, whatever it is called.
    package static let shapes = Redactor(.shapes)

    /// What stands in place of a secret.
    public static let mark = "[REDACTED]"

    /// How many paths are told of one event; when there are more, the last is an ellipsis.
    public static let pathLimit = 256

    /// Goes by some rules.
    public init(_ rules: RedactionRules = .standard) {
        self.rules = rules
        needsKey = rules.needsKey
        names = SensitiveNames(rules)
        scanner = SecretScanner(rules.detectors.keys)
        assignments = AssignmentScanner(names)
    }

    /// What is left of an event, and which paths were changed.
    public struct Redacted: Sendable {
        /// The event without the secrets.
        public let event: Event
        /// The document beside it, without the secrets.
        public let rest: CanonicalJSON?
        /// Where they were, as dotted paths, in the order of their bytes.
        public let paths: [String]
    }

    /// Takes the secrets out of an event and of a document that is recorded beside it under
    /// `dialect.rest`; nil when there are none.
    ///
    /// Without a key, what should become a digest is replaced.
    ///
    /// - Throws: ``InvalidEvent`` for a secret in the type, which cannot be taken out.
    public func redact(
        _ event: Event,
        rest: CanonicalJSON? = nil,
        key: RedactionKey? = nil
    ) throws(InvalidEvent) -> Redacted? {
        guard concerns(event) || rest.map(concerns) == true else { return nil }
        guard !finds(event.type.text) else {
            throw InvalidEvent(
                field: "type",
                code: .invalidValue,
                message: "holds what looks like a secret"
            )
        }
        var pass = RedactionPass(redactor: self, key: key)
        let changed = pass.redact(event)
        let changedRest = pass.document(rest, "dialect", "rest")
        guard pass.hasChanged else { return nil }
        var paths = Set(pass.paths).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if paths.count > Redactor.pathLimit {
            paths = paths.prefix(Redactor.pathLimit - 1) + ["…"]
        }
        return Redacted(event: changed, rest: changedRest, paths: paths)
    }

    /// A text without the secrets that show in it.
    public func redact(_ text: String) -> String {
        var pass = RedactionPass(redactor: self, key: nil)
        return pass.shown(text) ?? text
    }

    // MARK: Looking

    /// Whether there may be something to take out of an event.
    private func concerns(_ event: Event) -> Bool {
        if !rules.paths.isEmpty { return true }
        return finds(event.type.text) || finds(event.action) || finds(event.actor.id)
            || finds(event.actor.type) || finds(event.actor.name) || finds(event.actor.email)
            || finds(event.actor.sessionID) || finds(event.description) || finds(event.externalID)
            || finds(event.source.ip) || finds(event.source.userAgent)
            || finds(event.source.requestID) || finds(event.source.traceparent)
            || event.resources?.contains { finds($0.type) || finds($0.id) || finds($0.name) }
                == true
            || event.details.map(concerns) == true || event.before.map(concerns) == true
            || event.after.map(concerns) == true
    }

    private func finds(_ text: String?) -> Bool {
        guard var text else { return false }
        return text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            return scanner.next(in: bytes) != nil || assignments.next(in: bytes, from: 0) != nil
        }
    }

    /// Whether there may be something to take out of a document: names that may be sensitive, and
    /// secrets that show.
    private func concerns(_ document: CanonicalJSON) -> Bool {
        document.bytes.withUnsafeBytes { bytes in
            if scanner.next(in: bytes, isJSON: true) != nil || assignments.concern(bytes) {
                return true
            }
            var at = 0
            while at < bytes.count {
                guard bytes[at] == UInt8(ascii: "\"") else {
                    at += 1
                    continue
                }
                let start = at + 1
                at = start
                while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
                    at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard at < bytes.count else { return true }
                let name = UnsafeRawBufferPointer(rebasing: bytes[start..<at])
                at += 1
                if at < bytes.count, bytes[at] == UInt8(ascii: ":"), names.concern(name) {
                    return true
                }
            }
            return false
        }
    }

    /// The secrets that show in a text, one after another.
    struct Matches {
        typealias Match = (range: Range<Int>, action: RedactionRules.Action)

        private let redactor: Redactor
        private let text: UnsafeRawBufferPointer
        // Each is looked for again only once it was passed, so that no text is read over and over.
        private var shape: Match?
        private var assigned: Match?

        init(_ redactor: Redactor, in text: UnsafeRawBufferPointer) {
            (self.redactor, self.text) = (redactor, text)
            shape = nextShape(from: 0)
            assigned = redactor.assignments.next(in: text, from: 0)
        }

        /// The next one; nil at the end.
        mutating func next() -> Match? {
            let isShape =
                assigned.map { assigned in
                    shape.map { $0.range.lowerBound < assigned.range.lowerBound } ?? false
                } ?? true
            guard let match = isShape ? shape : assigned else { return nil }
            let end = match.range.upperBound
            if let found = shape, found.range.lowerBound < end { shape = nextShape(from: end) }
            if let found = assigned, found.range.lowerBound < end {
                assigned = redactor.assignments.next(in: text, from: end)
            }
            return match
        }

        private func nextShape(from start: Int) -> Match? {
            redactor.scanner.next(in: text, from: start).map { match in
                (match.range, redactor.rules.detectors[match.detector] ?? .replace)
            }
        }
    }
}
