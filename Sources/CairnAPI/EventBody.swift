// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// An event as its sender writes it.
package enum EventBody {
    /// The event object; what is absent is left out.
    package static func bytes(of event: Event) -> [UInt8] {
        var output = JSONOutput()
        append(event, to: &output)
        return output.bytes
    }

    /// Reads an event object and checks every limit.
    package static func event(
        parsing bytes: [UInt8],
        limits: Limits = Limits()
    ) throws(InvalidEvent) -> Event {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(InvalidEvent) in try Event(parsing: bytes, limits: limits) }
        }.get()
    }

    /// Writes the event object.
    package static func append(_ event: Event, to output: inout JSONOutput) {
        output.beginObject()
        output.member("id", ifPresent: event.id?.text)
        output.member("type", event.type.text)
        output.member("action", ifPresent: event.action)
        output.member("outcome", ifPresent: event.outcome?.rawValue)
        output.member("severity", ifPresent: event.severity?.rawValue)
        output.member("risk", ifPresent: event.risk?.rawValue)
        output.member("occurred_at", ifPresent: occurredAt(of: event))
        append(event.actor, to: &output)
        if let resources = event.resources { append(resources, to: &output) }
        append(event.source, to: &output)
        output.member("description", ifPresent: event.description)
        output.member("details", ifPresent: event.details)
        if event.before != nil || event.after != nil {
            output.name("change")
            output.beginObject()
            output.member("before", ifPresent: event.before)
            output.member("after", ifPresent: event.after)
            output.endObject()
        }
        output.member("external_id", ifPresent: event.externalID)
        output.endObject()
    }

    private static func append(_ actor: Event.Actor, to output: inout JSONOutput) {
        output.name("actor")
        output.beginObject()
        output.member("type", ifPresent: actor.type)
        output.member("id", actor.id)
        output.member("name", ifPresent: actor.name)
        output.member("email", ifPresent: actor.email)
        output.member("session_id", ifPresent: actor.sessionID)
        output.endObject()
    }

    private static func append(_ resources: [Event.Resource], to output: inout JSONOutput) {
        output.name("resources")
        output.beginArray()
        for resource in resources {
            output.beginObject()
            output.member("type", ifPresent: resource.type)
            output.member("id", ifPresent: resource.id)
            output.member("name", ifPresent: resource.name)
            output.endObject()
        }
        output.endArray()
    }

    private static func append(_ source: Event.Source, to output: inout JSONOutput) {
        guard source != Event.Source() else { return }
        output.name("source")
        output.beginObject()
        output.member("ip", ifPresent: source.ip)
        output.member("user_agent", ifPresent: source.userAgent)
        output.member("request_id", ifPresent: source.requestID)
        output.member("traceparent", ifPresent: source.traceparent)
        output.endObject()
    }

    /// The time with the offset it was written with.
    private static func occurredAt(of event: Event) -> String? {
        guard let time = event.occurredAt else { return nil }
        guard let offset = event.occurredOffset, let minutes = minutes(offset) else {
            return time.text
        }
        let local = time.advanced(byMilliseconds: minutes * 60_000)
        return local.text.dropLast() + offset
    }

    /// How far `+05:30` is from UTC.
    private static func minutes(_ offset: String) -> Int64? {
        let parts = offset.dropFirst().split(separator: ":")
        guard parts.count == 2, let hours = Int64(parts[0]), let minutes = Int64(parts[1]) else {
            return nil
        }
        return (offset.hasPrefix("-") ? -1 : 1) * (hours * 60 + minutes)
    }
}

extension JSONOutput {
    /// Writes a member that is JSON already, unless there is none.
    fileprivate mutating func member(_ name: StaticString, ifPresent document: CanonicalJSON?) {
        guard let document else { return }
        self.name(name)
        document.bytes.withUnsafeBytes { value(json: $0) }
    }
}
