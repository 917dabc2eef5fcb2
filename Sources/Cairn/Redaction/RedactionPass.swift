// SPDX-License-Identifier: Apache-2.0

/// One event's way through a redactor, which gathers where secrets were.
struct RedactionPass {
    let redactor: Redactor
    let key: RedactionKey?
    private(set) var paths: [String] = []

    init(redactor: Redactor, key: RedactionKey?) {
        self.redactor = redactor
        self.key = key
    }

    private var rules: RedactionRules { redactor.rules }

    // MARK: Events

    mutating func redact(_ event: Event) -> Event {
        var event = event
        event.action = field(event.action, "action")
        // An event has an actor, whatever the rules say.
        event.actor.id = field(event.actor.id, "actor.id") ?? Redactor.mark
        event.actor.type = field(event.actor.type, "actor.type")
        event.actor.name = field(event.actor.name, "actor.name")
        event.actor.email = field(event.actor.email, "actor.email")
        event.actor.sessionID = field(event.actor.sessionID, "actor.session_id")
        event.resources = resources(event.resources)
        event.source.ip = field(event.source.ip, "source.ip")
        event.source.userAgent = field(event.source.userAgent, "source.user_agent")
        event.source.requestID = field(event.source.requestID, "source.request_id")
        event.source.traceparent = field(event.source.traceparent, "source.traceparent")
        event.description = field(event.description, "description")
        event.details = document(event.details, "details")
        event.before = document(event.before, "change.before")
        event.after = document(event.after, "change.after")
        event.externalID = field(event.externalID, "external_id")
        return event
    }

    private mutating func resources(_ resources: [Event.Resource]?) -> [Event.Resource]? {
        guard let resources else { return nil }
        var changed: [Event.Resource] = []
        for (position, resource) in resources.enumerated() {
            let place = "resources[\(position)]"
            var own = Event.Resource(
                type: field(resource.type, "resources.type", told: "\(place).type"),
                id: field(resource.id, "resources.id", told: "\(place).id"),
                name: field(resource.name, "resources.name", told: "\(place).name")
            )
            // A resource has a type or an id, whatever the rules say.
            if own.type == nil, own.id == nil { own.id = Redactor.mark }
            changed.append(own)
        }
        return changed
    }

    /// A field's text; nil when it is dropped or was not there.
    private mutating func field(_ text: String?, _ path: String, told: String? = nil) -> String? {
        guard let text, !rules.allowedPaths.contains(path) else { return text }
        if let action = rules.paths[path] {
            paths.append(told ?? path)
            return replacement(of: .string(text), action)?.string
        }
        return shown(text, told ?? path) ?? text
    }

    // MARK: Documents

    /// A document without its secrets.
    mutating func document(_ document: CanonicalJSON?, _ path: String) -> CanonicalJSON? {
        guard let document else { return nil }
        // A document that is no JSON any more could not have become one.
        guard let value = try? JSONValue(parsing: document.bytes, limits: .unbounded) else {
            paths.append(path)
            return CanonicalJSON(unchecked: Array("{}".utf8))
        }
        let known = paths.count
        let changed = self.value(value, path, told: path)
        guard paths.count > known else { return document }
        return CanonicalJSON(changed)
    }

    /// `path` is without positions in arrays, which rules do not name; `told` is with them.
    private mutating func value(_ value: JSONValue, _ path: String, told: String) -> JSONValue {
        guard !rules.allowedPaths.contains(path) else { return value }
        switch value {
        case .null, .bool: return value
        case .string(let text): return shown(text, told).map { .string($0) } ?? value
        case .number(let number):
            return shown(number.text, told).map { .string($0) } ?? value
        case .array(let elements):
            return .array(
                elements.enumerated().map { self.value($1, path, told: "\(told)[\($0)]") }
            )
        case .object(let members): return .object(object(members, path, told))
        }
    }

    private mutating func object(
        _ members: JSONObject,
        _ path: String,
        _ told: String
    ) -> JSONObject {
        var changed = JSONObject()
        for (name, value) in members {
            var ownName = shown(name, told) ?? name
            let (ownPath, ownTold) = ("\(path).\(name)", "\(told).\(ownName)")
            // Names that came to be one stay apart.
            var number = 2
            while changed[ownName] != nil {
                ownName = "\(Redactor.mark) \(number)"
                number += 1
            }
            guard !rules.allowedPaths.contains(ownPath),
                let action = redactor.action(name, ownPath, isNumber: value.isNumber),
                value.isSecretive
            else {
                changed[ownName] = self.value(value, ownPath, told: ownTold)
                continue
            }
            paths.append(ownTold)
            changed[ownName] = replacement(of: value, action)
        }
        return changed
    }

    // MARK: Values

    /// What stands in place of a value as a whole; nil when it is left out.
    private func replacement(
        of value: JSONValue,
        _ action: RedactionRules.Action
    ) -> JSONValue? {
        switch action {
        case .replace: return .string(Redactor.mark)
        case .drop: return nil
        case .lastFour:
            let text = value.string ?? (value.isNumber ? CanonicalJSON(value).text : "")
            return .string(RedactionPass.lastFour(of: text))
        case .digest:
            guard let key else { return .string(Redactor.mark) }
            return .string(key.digest(of: CanonicalJSON(value).bytes))
        }
    }

    /// A text in which the mark, or a digest, stands for each secret that shows; nil for none.
    mutating func shown(_ text: String, _ told: String) -> String? {
        var text = text
        let found = text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            var (output, copied) = ([UInt8](), 0)
            while let match = redactor.match(in: bytes, from: copied) {
                output.append(contentsOf: bytes[copied..<match.range.lowerBound])
                let secret = String(decoding: bytes[match.range], as: UTF8.self)
                let action = rules.detectors[match.detector] ?? .replace
                output += Array((replacement(of: .string(secret), action)?.string ?? "").utf8)
                copied = match.range.upperBound
            }
            guard copied > 0 else { return nil as String? }
            output.append(contentsOf: bytes[copied...])
            return String(decoding: output, as: UTF8.self)
        }
        if found != nil { paths.append(told) }
        return found
    }

    /// The mark, and four characters of a value that is long enough for them to tell little.
    private static func lastFour(of text: String) -> String {
        let characters = text.filter { $0.isLetter || $0.isNumber }
        return characters.count < 12 ? Redactor.mark : Redactor.mark + characters.suffix(4)
    }
}

extension JSONLimits {
    /// For what was read within limits before.
    fileprivate static let unbounded = JSONLimits(depth: 512, bytes: .max)
}

extension JSONValue {
    fileprivate var isNumber: Bool {
        if case .number = self { true } else { false }
    }

    /// Whether a value can hold a secret: neither nothing nor a yes or no can, nor what stands for
    /// a secret that was taken out before.
    fileprivate var isSecretive: Bool {
        switch self {
        case .null, .bool: false
        case .string(let text):
            !text.isEmpty && text != Redactor.mark && !RedactionKey.isDigest(text)
        case .number: true
        case .array(let elements): elements.contains { $0.isSecretive }
        case .object(let members): members.contains { $0.value.isSecretive }
        }
    }
}
