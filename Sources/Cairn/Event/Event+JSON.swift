// SPDX-License-Identifier: Apache-2.0

extension Event {
    /// Reads one event object in the native shape and checks every limit.
    ///
    /// - Throws: ``InvalidEvent`` naming the member: unknown, null, missing, of another type, or
    ///   over its limit.
    public init(
        parsing bytes: UnsafeRawBufferPointer,
        limits: Limits = Limits()
    ) throws(InvalidEvent) {
        guard bytes.count <= limits.eventBytes else {
            throw InvalidEvent(
                field: "",
                code: .tooLarge,
                message: "an event is at most \(limits.eventBytes) bytes"
            )
        }
        // One level for the event itself, one for `change`.
        var reader = JSONReader(
            bytes,
            limits: JSONLimits(depth: limits.documentDepth + 2, bytes: limits.eventBytes)
        )
        try self.init(reading: &reader, limits: limits)
        do {
            try reader.finish()
        } catch {
            throw InvalidEvent(error)
        }
    }

    /// Reads the next value of `reader` as an event.
    ///
    /// - Throws: ``InvalidEvent``; the reader is then somewhere inside the event.
    public init(
        reading reader: inout JSONReader,
        limits: Limits = Limits()
    ) throws(InvalidEvent) {
        var parts: EventParts
        do {
            parts = try EventParts()
            try parts.read(&reader, limits: limits)
        } catch let error as InvalidEvent {
            throw error
        } catch let error as InvalidJSON {
            throw InvalidEvent(error)
        } catch {
            preconditionFailure("the reader throws nothing else")
        }
        self = try parts.finished().validated(by: limits)
    }
}

/// The members of an event while they are read, in whatever order they come.
private struct EventParts {
    private var event: Event
    private var hasType = false
    private var hasActorID = false

    init() throws(InvalidEventType) {
        // Stands in until the members are read; without both, there is no event.
        event = Event(type: try EventType("unread"), actor: Event.Actor(id: ""))
    }

    mutating func read(_ reader: inout JSONReader, limits: Limits) throws {
        guard try reader.peek() == .object else {
            throw InvalidEvent(field: "", code: .wrongType, message: "an event is an object")
        }
        try reader.beginObject()
        while let name = try reader.nextName() {
            guard try reader.peek() != .null else {
                throw InvalidEvent(
                    field: name.text,
                    code: .null,
                    message: "leave the member out instead of null"
                )
            }
            try readMember(name, &reader, limits)
        }
    }

    func finished() throws(InvalidEvent) -> Event {
        guard hasType else {
            throw InvalidEvent(field: "type", code: .missing, message: "is required")
        }
        guard hasActorID else {
            throw InvalidEvent(field: "actor.id", code: .missing, message: "is required")
        }
        return event
    }

    private mutating func readMember(
        _ name: JSONName,
        _ reader: inout JSONReader,
        _ limits: Limits
    ) throws {
        switch name.text {
        case "id": event.id = try readID(&reader)
        case "type": try readType(&reader)
        case "action": event.action = try text(&reader, "action")
        case "outcome": event.outcome = try word(&reader, "outcome", Outcome.allCases)
        case "severity": event.severity = try word(&reader, "severity", Severity.allCases)
        case "risk": event.risk = try word(&reader, "risk", Risk.allCases)
        case "occurred_at": try readOccurredAt(&reader)
        case "actor": try readActor(&reader)
        case "resources": try readResources(&reader, limits)
        case "source": try readSource(&reader)
        case "description": event.description = try text(&reader, "description")
        case "details": event.details = try document(&reader, "details", limits)
        case "change": try readChange(&reader, limits)
        case "external_id": event.externalID = try text(&reader, "external_id")
        default: throw unknown(name.text)
        }
    }

    private func unknown(_ field: String) -> InvalidEvent {
        InvalidEvent(field: field, code: .unknownMember, message: "is not a member of an event")
    }

    private func text(
        _ reader: inout JSONReader,
        _ field: @autoclosure () -> String
    ) throws
        -> String
    {
        guard try reader.peek() == .string else {
            let isNull = try reader.peek() == .null
            throw InvalidEvent(
                field: field(),
                code: isNull ? .null : .wrongType,
                message: isNull ? "leave the member out instead of null" : "must be a text"
            )
        }
        return try reader.readString()
    }

    private func word<Word: RawRepresentable<String>>(
        _ reader: inout JSONReader,
        _ field: String,
        _ all: [Word]
    ) throws -> Word {
        guard let word = Word(rawValue: try text(&reader, field)) else {
            let allowed = all.map(\.rawValue).joined(separator: ", ")
            throw InvalidEvent(field: field, code: .invalidValue, message: "one of \(allowed)")
        }
        return word
    }

    private func readID(_ reader: inout JSONReader) throws -> EventID {
        guard let id = EventID(try text(&reader, "id")) else {
            throw InvalidEvent(
                field: "id",
                code: .invalidValue,
                message: "must be a UUID of version 4 or 7"
            )
        }
        return id
    }

    private mutating func readType(_ reader: inout JSONReader) throws {
        let written = try text(&reader, "type")
        do {
            event.type = try EventType(written)
        } catch {
            throw InvalidEvent(
                field: "type",
                code: .invalidValue,
                message: "1 to 128 letters, digits, dots, colons, hyphens and underscores"
            )
        }
        hasType = true
    }

    private mutating func readOccurredAt(_ reader: inout JSONReader) throws {
        let written = try text(&reader, "occurred_at")
        do {
            let parsed = try Timestamp.parse(written)
            event.occurredAt = parsed.timestamp
            event.occurredOffset = parsed.offset
        } catch {
            throw InvalidEvent(
                field: "occurred_at",
                code: .invalidValue,
                message: "must be an RFC 3339 time of 1678 to 2261 with an offset "
                    + "and at most 9 fraction digits"
            )
        }
    }

    private mutating func readActor(_ reader: inout JSONReader) throws {
        try begin(&reader, "actor")
        while let name = try reader.nextName() {
            switch name.text {
            case "type": event.actor.type = try text(&reader, "actor.type")
            case "id":
                event.actor.id = try text(&reader, "actor.id")
                hasActorID = true
            case "name": event.actor.name = try text(&reader, "actor.name")
            case "email": event.actor.email = try text(&reader, "actor.email")
            case "session_id": event.actor.sessionID = try text(&reader, "actor.session_id")
            default: throw unknown("actor.\(name.text)")
            }
        }
    }

    private mutating func readSource(_ reader: inout JSONReader) throws {
        try begin(&reader, "source")
        while let name = try reader.nextName() {
            switch name.text {
            case "ip": event.source.ip = try text(&reader, "source.ip")
            case "user_agent": event.source.userAgent = try text(&reader, "source.user_agent")
            case "request_id": event.source.requestID = try text(&reader, "source.request_id")
            case "traceparent": event.source.traceparent = try text(&reader, "source.traceparent")
            default: throw unknown("source.\(name.text)")
            }
        }
    }

    private mutating func readResources(_ reader: inout JSONReader, _ limits: Limits) throws {
        guard try reader.peek() == .array else {
            throw InvalidEvent(field: "resources", code: .wrongType, message: "must be an array")
        }
        try reader.beginArray()
        var resources: [Event.Resource] = []
        while try reader.nextElement() {
            guard resources.count < limits.resourceCount else {
                throw InvalidEvent(
                    field: "resources",
                    code: .tooMany,
                    message: "at most \(limits.resourceCount) resources"
                )
            }
            resources.append(try readResource(&reader, at: resources.count))
        }
        event.resources = resources
    }

    private func readResource(
        _ reader: inout JSONReader,
        at position: Int
    ) throws
        -> Event.Resource
    {
        try begin(&reader, "resources[\(position)]")
        var resource = Event.Resource()
        while let name = try reader.nextName() {
            switch name.text {
            case "type": resource.type = try text(&reader, "resources[\(position)].type")
            case "id": resource.id = try text(&reader, "resources[\(position)].id")
            case "name": resource.name = try text(&reader, "resources[\(position)].name")
            default: throw unknown("resources[\(position)].\(name.text)")
            }
        }
        return resource
    }

    private mutating func readChange(_ reader: inout JSONReader, _ limits: Limits) throws {
        try begin(&reader, "change")
        while let name = try reader.nextName() {
            switch name.text {
            case "before": event.before = try document(&reader, "change.before", limits)
            case "after": event.after = try document(&reader, "change.after", limits)
            default: throw unknown("change.\(name.text)")
            }
        }
    }

    private func begin(_ reader: inout JSONReader, _ field: @autoclosure () -> String) throws {
        guard try reader.peek() == .object else {
            throw InvalidEvent(field: field(), code: .wrongType, message: "must be an object")
        }
        try reader.beginObject()
    }

    /// Reads an object of the caller's own, with a depth and size of its own.
    private func document(
        _ reader: inout JSONReader,
        _ field: String,
        _ limits: Limits
    ) throws -> CanonicalJSON {
        guard try reader.peek() == .object else {
            throw InvalidEvent(field: field, code: .wrongType, message: "must be an object")
        }
        let outer = reader.limits
        reader.limits.depth = reader.depth + limits.documentDepth
        defer { reader.limits = outer }
        var bytes: [UInt8] = []
        try reader.appendCanonical(to: &bytes)
        return CanonicalJSON(unchecked: bytes)
    }
}
