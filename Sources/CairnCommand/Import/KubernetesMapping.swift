// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads audit events of Kubernetes (`audit.k8s.io/v1`) as events.
///
/// A request is one event, of the stage in which it ends; the stages before it are skipped, unless
/// they are asked for. The whole original becomes `details`; the other members are what it says in the ledger's own words.
struct KubernetesMapping: EntryMapping {
    private let key: ImportKey
    private let allStages: Bool
    private let limits: Limits
    private var namelessIDs: NamelessIDs

    /// Maps the stage in which a request ends, or every stage.
    init(_ key: ImportKey, allStages: Bool = false, limits: Limits = Limits()) {
        self.key = key
        self.allStages = allStages
        self.limits = limits
        namelessIDs = NamelessIDs(key)
    }

    mutating func read(_ bytes: [UInt8]) throws(ImportRefusal) -> MappedEntry {
        let item = try Mapping.object(bytes)
        if let kind = item["kind"], kind != "Event" {
            throw ImportRefusal(description: "kind is not Event")
        }
        switch item["stage"]?.string {
        case "ResponseComplete", "Panic": break
        case .some where allStages: break
        case "RequestReceived": return .skipped("requests at stage RequestReceived")
        case "ResponseStarted": return .skipped("requests at stage ResponseStarted")
        case nil: throw ImportRefusal(description: "stage is missing or no text")
        default: return .skipped("requests at a stage that is not known")
        }
        let verb = try required(item, "verb")
        let outcome = KubernetesMapping.outcome(of: item)
        var event: JSONObject = [
            "id": .string(try id(of: item).text),
            "type": .string(KubernetesMapping.type(of: item["objectRef"], verb)),
            "outcome": .string(outcome.rawValue),
            "severity": .string(KubernetesMapping.severity(of: outcome).rawValue),
            "occurred_at": .string(try time(of: item)),
            "actor": .object(actor(item["user"])),
            "details": .object(item),
        ]
        event["action"] = Mapping.text(item["verb"], limits.actionBytes)
        event["external_id"] = Mapping.text(item["auditID"], limits.identifierBytes)
        let resources = resources(of: item)
        if !resources.isEmpty { event["resources"] = .array(resources) }
        var source = JSONObject()
        // The last address is the only one that the client cannot choose.
        source["ip"] = Mapping.text(item["sourceIPs"]?.array?.last, limits.nameBytes)
        source["user_agent"] = Mapping.text(item["userAgent"], limits.userAgentBytes)
        if !source.isEmpty { event["source"] = .object(source) }
        return .event(JSONValue.object(event).canonical.bytes)
    }

    /// The id: of the request and its stage, for a request may both complete and panic.
    private mutating func id(of item: JSONObject) throws(ImportRefusal) -> EventID {
        guard let id = item["auditID"]?.string, !id.isEmpty, let stage = item["stage"]?.string
        else { return try namelessIDs.id(of: item) }
        return key.id(id, stage)
    }

    private func required(_ item: JSONObject, _ name: String) throws(ImportRefusal) -> String {
        guard let text = item[name]?.string, !text.isEmpty else {
            throw ImportRefusal(description: "\(name) is missing or no text")
        }
        return text
    }

    private func time(of item: JSONObject) throws(ImportRefusal) -> String {
        let name = "requestReceivedTimestamp"
        return try ImportTime.text(try required(item, name), name)
    }

    private func actor(_ user: JSONValue?) -> JSONObject {
        guard let name = Mapping.text(user?["username"], limits.identifierBytes),
            let text = name.string
        else { return Mapping.unknownActor }
        let type: JSONValue =
            if text.hasPrefix("system:serviceaccount:") {
                "service_account"
            } else if text.hasPrefix("system:node:") {
                "node"
            } else if text.hasPrefix("system:") {
                "system"
            } else {
                "user"
            }
        return ["type": type, "id": name]
    }

    /// What was asked for, and in whose name if in another's.
    private func resources(of item: JSONObject) -> [JSONValue] {
        var resources: [JSONValue] = []
        func add(_ type: String, _ id: String?, name: JSONValue? = nil) {
            guard !type.isEmpty, type.utf8.count <= limits.identifierBytes else { return }
            var resource: JSONObject = ["type": .string(type)]
            resource["id"] = Mapping.text(id.map { .string($0) }, limits.identifierBytes)
            resource["name"] = Mapping.text(name, limits.nameBytes)
            resources.append(.object(resource))
        }
        if let reference = item["objectRef"], let resource = reference["resource"]?.string {
            let group = reference["apiGroup"]?.string.map { "\($0)/" } ?? ""
            let part = reference["subresource"]?.string.map { "/\($0)" } ?? ""
            let name = reference["name"]?.string
            let space = reference["namespace"]?.string
            add(
                group + resource + part,
                name.map { name in space.map { "\($0)/\(name)" } ?? name },
                name: reference["name"]
            )
            if name == nil, let space { add("namespaces", space) }
        } else if let path = item["requestURI"]?.string {
            add("url", path)
        }
        if let other = item["impersonatedUser"]?["username"]?.string {
            add("impersonated_user", other)
        }
        return resources
    }

    /// How it ended, by the status of the answer.
    private static func outcome(of item: JSONObject) -> Outcome {
        if item["stage"] == "Panic" { return .error }
        return switch item["responseStatus"]?["code"]?.integer {
        case 401, 403: .denied
        case let code? where code >= 500: .error
        case let code? where code >= 400: .failure
        case let code? where code >= 100: .success
        default: .unknown
        }
    }

    private static func severity(of outcome: Outcome) -> Severity {
        switch outcome {
        case .success, .unknown: .info
        case .failure, .denied: .warning
        case .error: .error
        }
    }

    /// `k8s.<resource>.<verb>`, where a part of a resource follows it: `k8s.pods_exec.create`.
    private static func type(of reference: JSONValue?, _ verb: String) -> String {
        let resource = reference?["resource"]?.string ?? "nonresource"
        let part = reference?["subresource"]?.string.map { "/\($0)" } ?? ""
        return Mapping.type("k8s.\(resource)\(part).\(verb)")
    }
}
