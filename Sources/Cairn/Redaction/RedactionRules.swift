// SPDX-License-Identifier: Apache-2.0

/// What of an event is a secret, and what becomes of it before anything is committed to.
///
/// A rule set has a name and a version, which are recorded with every event that it changed. Names
/// of members are compared as people mean them: `apiKey`, `api-key` and `API_KEY` are one name, and
/// `token_count` is no token.
public struct RedactionRules: Sendable, Equatable {
    /// What becomes of a secret.
    public enum Action: String, Sendable, CaseIterable {
        /// The text `[REDACTED]` stands in its place.
        case replace
        /// The text `[REDACTED]` and its last four characters stand in its place.
        case lastFour = "last4"
        /// A digest under a key of the tenant stands in its place, so that equal values stay equal.
        case digest
        /// It is left out, with its name.
        case drop
    }

    /// A kind of secret that shows in any text, whatever the text is called.
    public enum Detector: String, Sendable, CaseIterable {
        /// A payment card's number of a known issuer whose check digit is right (ISO/IEC 7812-1).
        case paymentCard = "payment_card"
        /// A JSON Web Token (RFC 7519) in its compact form.
        case jwt
        /// The credentials of an HTTP `Authorization` of Bearer or Basic (RFC 6750, RFC 7617).
        case authorization
        /// A key or token of a service that marks its own, such as AWS, GitHub or Stripe.
        case serviceKey = "service_key"
        /// A private key in PEM (RFC 7468).
        case privateKey = "private_key"
        /// A social security number of the United States, with its hyphens.
        case usSSN = "us_ssn"
        /// An international bank account number whose check digits are right (ISO 13616).
        case iban
        /// The password in a URL.
        case urlPassword = "url_password"

        /// Whether it is a credential, of which no trace may be kept.
        var isCredential: Bool {
            switch self {
            case .jwt, .authorization, .serviceKey, .privateKey, .urlPassword: true
            case .paymentCard, .usSSN, .iban: false
            }
        }
    }

    /// The rule set's name, `[a-z0-9_-]{1,64}`.
    public private(set) var name: String
    /// Its version, from 1.
    public private(set) var version: Int
    /// What becomes of members by their folded names, as ``SensitiveNames`` folds them.
    var names: [String: Action]
    /// What becomes of fields and members by their dotted paths; positions in arrays do not count.
    var paths: [String: Action]
    /// What becomes of what shows in a text.
    var detectors: [Detector: Action]
    /// Folded names of members that no rule for names touches.
    var allowedNames: Set<String>
    /// Dotted paths that no rule touches.
    var allowedPaths: Set<String>

    /// Name and version as they are recorded, `standard/1`.
    public var text: String { "\(name)/\(version)" }

    /// The rules that hold unless an operator sets others: every detector, and the names that
    /// applications commonly give to secrets.
    public static let standard = RedactionRules(
        name: "standard",
        version: 1,
        names: Dictionary(
            uniqueKeysWithValues: SensitiveNames.standard.map {
                (SensitiveNames.fold($0), .replace)
            }
        ),
        paths: [:],
        detectors: Dictionary(uniqueKeysWithValues: Detector.allCases.map { ($0, .replace) }),
        allowedNames: [],
        allowedPaths: []
    )

    /// The standard rules without those for names: for what the server itself writes.
    public static let shapes: RedactionRules = {
        var rules = RedactionRules.standard
        rules.names = [:]
        return rules
    }()

    /// Whether a key is of use: something becomes a digest.
    public var needsKey: Bool {
        names.values.contains(.digest) || paths.values.contains(.digest)
            || detectors.values.contains(.digest)
    }

    /// Names of which no digest and no digits may be kept: they name credentials.
    private static let credentialNames = Set(
        SensitiveNames.credentials.map(SensitiveNames.fold)
    )

    /// Why rules cannot be taken.
    public struct Invalid: Error, Equatable, Sendable, CustomStringConvertible {
        /// The member, as a dotted path.
        public let field: String
        /// What is allowed there.
        public let message: String

        /// The same of a part of something larger.
        package func within(_ parent: String) -> Invalid {
            Invalid(field: field.isEmpty ? parent : "\(parent).\(field)", message: message)
        }

        /// The member and what is allowed.
        public var description: String { "\(field): \(message)" }
    }

    private init(
        name: String,
        version: Int,
        names: [String: Action],
        paths: [String: Action],
        detectors: [Detector: Action],
        allowedNames: Set<String>,
        allowedPaths: Set<String>
    ) {
        self.name = name
        self.version = version
        self.names = names
        self.paths = paths
        self.detectors = detectors
        self.allowedNames = allowedNames
        self.allowedPaths = allowedPaths
    }

    /// Reads rules that add to the standard ones, or change them:
    /// `{"name", "version", "names": {name: action}, "paths": {path: action},
    /// "detectors": {detector: action or "keep"}, "allow": [name or path]}`.
    ///
    /// What is allowed is left alone: a name by rules for names, a path with a dot by every rule.
    public init(_ value: JSONValue) throws(Invalid) {
        guard let members = value.object else {
            throw Invalid(field: "", message: "rules are an object")
        }
        let known = ["name", "version", "names", "paths", "detectors", "allow"]
        if let stranger = members.first(where: { !known.contains($0.name) }) {
            throw Invalid(field: stranger.name, message: "one of \(known.joined(separator: ", "))")
        }
        guard let name = value["name"]?.string, RedactionRules.isName(name) else {
            throw Invalid(field: "name", message: "1 to 64 of a-z, 0-9, '_' and '-'")
        }
        guard name != RedactionRules.standard.name else {
            throw Invalid(field: "name", message: "a name other than that of the standard rules")
        }
        guard let version = value["version"]?.integer, version > 0 else {
            throw Invalid(field: "version", message: "a whole number from 1")
        }
        self = .standard
        (self.name, self.version) = (name, version)
        for (name, action) in try RedactionRules.actions(value, "names") {
            let folded = SensitiveNames.fold(name)
            guard !folded.isEmpty else {
                throw Invalid(field: "names.\(name)", message: "a name with letters or digits")
            }
            let isCredential = RedactionRules.credentialNames.contains(folded)
            guard action == .replace || action == .drop || !isCredential else {
                throw Invalid(
                    field: "names.\(name)",
                    message: "replace or drop: nothing of a credential may be kept"
                )
            }
            names[folded] = action
        }
        for (path, action) in try RedactionRules.actions(value, "paths") {
            paths[path] = action
        }
        try readDetectors(value["detectors"])
        guard let allowed = value["allow"] else { return }
        guard let texts = allowed.array?.compactMap(\.string),
            texts.count == allowed.array?.count
        else { throw Invalid(field: "allow", message: "an array of texts") }
        for text in texts {
            if text.contains(".") {
                allowedPaths.insert(text)
            } else {
                allowedNames.insert(SensitiveNames.fold(text))
            }
        }
    }

    private mutating func readDetectors(_ value: JSONValue?) throws(Invalid) {
        guard let value else { return }
        guard let members = value.object else {
            throw Invalid(field: "detectors", message: "an object")
        }
        for (name, value) in members {
            guard let detector = Detector(rawValue: name) else {
                let all = Detector.allCases.map(\.rawValue).joined(separator: ", ")
                throw Invalid(field: "detectors.\(name)", message: "one of \(all)")
            }
            if value.string == "keep" {
                detectors[detector] = nil
                continue
            }
            guard let action = value.string.flatMap(Action.init), action != .drop else {
                throw Invalid(
                    field: "detectors.\(name)",
                    message: "one of replace, last4, digest, keep"
                )
            }
            guard action == .replace || !detector.isCredential else {
                throw Invalid(
                    field: "detectors.\(name)",
                    message: "replace or keep: nothing of a credential may be kept"
                )
            }
            detectors[detector] = action
        }
    }

    private static func actions(
        _ value: JSONValue,
        _ member: String
    ) throws(Invalid) -> [(name: String, action: Action)] {
        guard let value = value[member] else { return [] }
        guard let members = value.object else {
            throw Invalid(field: member, message: "an object of names and actions")
        }
        var actions: [(name: String, action: Action)] = []
        for (name, value) in members {
            guard let action = value.string.flatMap(Action.init) else {
                let all = Action.allCases.map(\.rawValue).joined(separator: ", ")
                throw Invalid(field: "\(member).\(name)", message: "one of \(all)")
            }
            actions.append((name, action))
        }
        return actions
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
