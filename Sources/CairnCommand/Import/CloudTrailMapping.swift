// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads records of AWS CloudTrail as events.
///
/// The whole original record becomes `details`, so nothing is lost; the other members are what it
/// says in the ledger's own words. A member that would break a limit is left out, for `details`
/// still has it; a record whose `details` break a limit is refused, never cut.
///
/// The event's id derives from the record's own, so that importing a file again adds nothing: it is
/// the form of version 4 of the first 16 bytes of
/// `HMAC-SHA256(key, "cloudtrail" LF account LF eventID)`.
struct CloudTrailMapping: EntryMapping {
    typealias Refusal = ImportRefusal

    let limits: Limits
    private let key: ImportKey

    /// Maps with the ids that `importKey`, 32 bytes, gives.
    init(importKey: [UInt8], limits: Limits = Limits()) {
        key = ImportKey(importKey)
        self.limits = limits
    }

    func read(_ bytes: [UInt8]) throws(Refusal) -> MappedEntry {
        .event(try event(from: bytes))
    }

    /// The event that a record tells of, in the native shape.
    func event(from bytes: [UInt8]) throws(Refusal) -> [UInt8] {
        let record = JSONValue.object(try Mapping.object(bytes, "record"))
        return JSONValue.object(try event(from: record)).canonical.bytes
    }

    /// The event that a record tells of, member by member.
    func event(from record: JSONValue) throws(Refusal) -> JSONObject {
        let name = try required(record, "eventName")
        let outcome = CloudTrailMapping.outcome(of: record)
        var event: JSONObject = [
            "id": .string(try id(of: record).text),
            "type": .string(CloudTrailMapping.type(of: record, name: name)),
            "action": .string(name),
            "outcome": .string(outcome.rawValue),
            "severity": .string((outcome == .success ? Severity.info : .warning).rawValue),
            "occurred_at": .string(try required(record, "eventTime")),
            "actor": .object(actor(of: record)),
            "external_id": .string(try required(record, "eventID")),
            "details": record,
        ]
        let resources = resources(of: record)
        if !resources.isEmpty { event["resources"] = .array(resources) }
        var source = JSONObject()
        source["ip"] = Mapping.text(record["sourceIPAddress"], limits.nameBytes)
        source["user_agent"] = Mapping.text(record["userAgent"], limits.userAgentBytes)
        source["request_id"] = Mapping.text(record["requestID"], limits.identifierBytes)
        if !source.isEmpty { event["source"] = .object(source) }
        return event
    }

    /// The event's id: the same for the same record, whatever file it comes in.
    func id(of record: JSONValue) throws(Refusal) -> EventID {
        let original = try required(record, "eventID")
        let account = record["recipientAccountId"]?.string ?? ""
        return key.id(of: Array("cloudtrail\n\(account)\n\(original)".utf8))
    }

    private func required(_ record: JSONValue, _ name: String) throws(Refusal) -> String {
        guard let text = record[name]?.string, !text.isEmpty else {
            throw Refusal(description: "\(name) is missing")
        }
        return text
    }

    private func actor(of record: JSONValue) -> JSONObject {
        let identity = record["userIdentity"]
        let issuer = identity?["sessionContext"]?["sessionIssuer"]
        // An account is somebody only where it acts as such, and never in the place of somebody
        // whom the record does not name.
        let isAccount = ["AWSAccount", "Root"].contains(identity?["type"]?.string)
        let id =
            ["arn", "principalId", "userName", "invokedBy"].lazy
            .compactMap { Mapping.text(identity?[$0], limits.identifierBytes) }.first
            ?? Mapping.text(identity?["onBehalfOf"]?["userId"], limits.identifierBytes)
            ?? (isAccount ? Mapping.text(identity?["accountId"], limits.identifierBytes) : nil)
        var actor = JSONObject()
        actor["type"] = Mapping.text(identity?["type"], limits.identifierBytes)
        actor["id"] = id ?? "unknown"
        actor["name"] =
            Mapping.text(identity?["userName"], limits.nameBytes)
            ?? Mapping.text(issuer?["userName"], limits.nameBytes)
        // A session has no name of its own; its credentials are what tells it from others.
        if identity?["sessionContext"]?.object != nil {
            actor["session_id"] = Mapping.text(identity?["accessKeyId"], limits.identifierBytes)
        }
        return actor
    }

    /// How it ended: an error code of a refused permission is `denied`, any other, a message of an
    /// error and a sign-in that says so a `failure`.
    private static func outcome(of record: JSONValue) -> Outcome {
        if let code = record["errorCode"]?.string, !code.isEmpty {
            let isDenied = code.contains("AccessDenied") || code.contains("Unauthorized")
            return isDenied ? .denied : .failure
        }
        let hasMessage = record["errorMessage"]?.string?.isEmpty == false
        return hasMessage || saysFailure(record) ? .failure : .success
    }

    /// Whether what answered says in a word that it failed, as sign-ins do: under the event's name,
    /// or, where the event is of a service for signing in, under any.
    private static func saysFailure(_ record: JSONValue) -> Bool {
        let isSignIn =
            record["eventType"]?.string == "AwsConsoleSignIn"
            || ["signin.amazonaws.com", "sso.amazonaws.com"].contains(record["eventSource"]?.string)
        let name = record["eventName"]?.string
        return ["responseElements", "serviceEventDetails"].contains { member in
            record[member]?.object?.contains { said in
                guard isSignIn || said.name == name, let word = said.value.string else {
                    return false
                }
                return ["failure", "failed", "denied", "error"].contains(word.lowercased())
            } ?? false
        }
    }

    /// `aws.<service>.<EventName>`, with an underscore for what a type cannot hold.
    private static func type(of record: JSONValue, name: String) -> String {
        var service = record["eventSource"]?.string ?? "unknown"
        if service.hasSuffix(".amazonaws.com") { service.removeLast(".amazonaws.com".count) }
        return Mapping.type("aws.\(service.replacing(".", with: "-")).\(name)")
    }
}
