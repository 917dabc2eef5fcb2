// SPDX-License-Identifier: Apache-2.0

/// One event's way through a redactor, which gathers where secrets were.
struct RedactionPass {
    /// How long a path is told, in bytes.
    private static let pathBytes = 256

    let redactor: Redactor
    let key: RedactionKey?
    /// Where secrets were; at most so many as are told, and one more.
    private(set) var paths: [String] = []
    /// Whether anything was taken out.
    private(set) var hasChanged = false
    /// The names and positions that lead to where the pass is.
    private var place: [String] = []

    init(redactor: Redactor, key: RedactionKey?) {
        self.redactor = redactor
        self.key = key
    }

    private var rules: RedactionRules { redactor.rules }

    /// Notes that something was taken out where the pass is.
    private mutating func note() {
        hasChanged = true
        guard paths.count <= Redactor.pathLimit else { return }
        var path = ""
        for part in place {
            path += path.isEmpty || part.hasPrefix("[") ? part : ".\(part)"
            guard path.utf8.count <= Self.pathBytes else {
                path = String(decoding: path.utf8.prefix(Self.pathBytes), as: UTF8.self) + "…"
                break
            }
        }
        if paths.last != path { paths.append(path) }
    }

    /// The path as rules name it: without positions in arrays.
    private var ruled: String {
        place.lazy.filter { !$0.hasPrefix("[") }.joined(separator: ".")
    }

    private var isAllowed: Bool {
        !rules.allowedPaths.isEmpty && rules.allowedPaths.contains(ruled)
    }

    private var ruledAction: RedactionRules.Action? {
        rules.paths.isEmpty ? nil : rules.paths[ruled]
    }

    /// Does something at a place below the one where the pass is.
    private mutating func at<Value>(
        _ parts: String...,
        do body: (inout RedactionPass) -> Value
    ) -> Value {
        place += parts
        defer { place.removeLast(parts.count) }
        return body(&self)
    }

    // MARK: Events

    mutating func redact(_ event: Event) -> Event {
        var event = event
        event.action = field(event.action, "action")
        // An event has an actor, whatever the rules say.
        event.actor.id = field(event.actor.id, "actor", "id") ?? Redactor.mark
        event.actor.type = field(event.actor.type, "actor", "type")
        event.actor.name = field(event.actor.name, "actor", "name")
        event.actor.email = field(event.actor.email, "actor", "email")
        event.actor.sessionID = field(event.actor.sessionID, "actor", "session_id")
        event.resources = resources(event.resources)
        event.source.ip = field(event.source.ip, "source", "ip")
        event.source.userAgent = field(event.source.userAgent, "source", "user_agent")
        event.source.requestID = field(event.source.requestID, "source", "request_id")
        event.source.traceparent = field(event.source.traceparent, "source", "traceparent")
        event.description = field(event.description, "description")
        event.details = document(event.details, "details")
        event.before = document(event.before, "change", "before")
        event.after = document(event.after, "change", "after")
        event.externalID = field(event.externalID, "external_id")
        return event
    }

    private mutating func resources(_ resources: [Event.Resource]?) -> [Event.Resource]? {
        guard let resources else { return nil }
        var changed: [Event.Resource] = []
        for (position, resource) in resources.enumerated() {
            var own = at("resources", "[\(position)]") { pass in
                Event.Resource(
                    type: pass.field(resource.type, "type"),
                    id: pass.field(resource.id, "id"),
                    name: pass.field(resource.name, "name")
                )
            }
            // A resource has a type or an id, whatever the rules say.
            if own.type == nil, own.id == nil { own.id = Redactor.mark }
            changed.append(own)
        }
        return changed
    }

    /// A field's text; nil when it is dropped or was not there.
    private mutating func field(_ text: String?, _ parts: String...) -> String? {
        guard let text else { return nil }
        place += parts
        defer { place.removeLast(parts.count) }
        guard !isAllowed else { return text }
        if let action = ruledAction {
            note()
            return replacement(of: .string(text), action)?.string
        }
        return shown(text) ?? text
    }

    // MARK: Documents

    /// A document without its secrets.
    mutating func document(_ document: CanonicalJSON?, _ parts: String...) -> CanonicalJSON? {
        guard let document else { return nil }
        place += parts
        defer { place.removeLast(parts.count) }
        // A document that is no JSON any more could not have become one.
        guard let value = try? JSONValue(parsing: document.bytes, limits: .unbounded) else {
            note()
            return CanonicalJSON(unchecked: Array("{}".utf8))
        }
        let (before, changed) = (hasChanged, self.value(value))
        // Nothing is written anew that is as it was.
        return hasChanged != before || changed != value ? CanonicalJSON(changed) : document
    }

    private mutating func value(_ value: JSONValue) -> JSONValue {
        guard !isAllowed else { return value }
        switch value {
        case .null, .bool: return value
        case .string(let text): return shown(text).map { .string($0) } ?? value
        case .number(let number): return shown(number.text).map { .string($0) } ?? value
        case .array(let elements):
            return .array(
                elements.enumerated().map { position, element in
                    at("[\(position)]") { $0.value(element) }
                }
            )
        case .object(let members): return .object(object(members))
        }
    }

    private mutating func object(_ members: JSONObject) -> JSONObject {
        var changed = JSONObject()
        var number = 1
        for (name, value) in members {
            var ownName = shown(name) ?? name
            // Names that came to be one stay apart, and none takes another one's.
            while changed[ownName] != nil || ownName != name && members[ownName] != nil {
                number += 1
                ownName = "\(Redactor.mark) \(number)"
            }
            changed[ownName] = at(ownName) { $0.member(name, value) }
        }
        return changed
    }

    /// What becomes of a member's value; nil when it is left out.
    private mutating func member(_ name: String, _ value: JSONValue) -> JSONValue? {
        guard !isAllowed else { return value }
        if let action = ruledAction {
            note()
            return replacement(of: value, action)
        }
        guard let rule = redactor.names.rule(name) else { return self.value(value) }
        return secret(value, rule)
    }

    /// What is left of the value of a sensitive name.
    ///
    /// Numbers of an object, and under a name in the plural, are counts.
    private mutating func secret(_ value: JSONValue, _ rule: SensitiveNames.Rule) -> JSONValue? {
        switch value {
        case .null, .bool: return value
        case .number where rule.isPlural: return self.value(value)
        case .string(let text)
        where text.isEmpty || text == Redactor.mark || RedactionKey.isDigest(text):
            return value
        case .string, .number:
            note()
            return replacement(of: value, rule.action)
        case .array(let elements):
            return .array(
                elements.enumerated().compactMap { position, element in
                    at("[\(position)]") { $0.secret(element, rule) }
                }
            )
        case .object(let members):
            var kept = JSONObject()
            let counts = SensitiveNames.Rule(action: rule.action, isPlural: true)
            for (name, value) in object(members) {
                kept[name] = at(name) { $0.secret(value, counts) }
            }
            return .object(kept)
        }
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
    mutating func shown(_ text: String) -> String? {
        var text = text
        let found = text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            var (output, copied) = ([UInt8](), 0)
            var matches = Redactor.Matches(redactor, in: bytes)
            while let match = matches.next() {
                output.append(contentsOf: bytes[copied..<match.range.lowerBound])
                let secret = String(decoding: bytes[match.range], as: UTF8.self)
                output += Array((replacement(of: .string(secret), match.action)?.string ?? "").utf8)
                copied = match.range.upperBound
            }
            guard copied > 0 else { return nil as String? }
            output.append(contentsOf: bytes[copied...])
            return String(decoding: output, as: UTF8.self)
        }
        if found != nil { note() }
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
}
