// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The filters of `GET /v1/events` as options, under the same names.
struct QueryOptions: ParsableArguments {
    @Option(help: "Kinds of event; a trailing * is a prefix.") var type: [String] = []
    @Option(help: "What was done.") var action: [String] = []
    @Option(help: "Categories.") var category: [String] = []
    @Option(help: "success, failure, denied, error, unknown.") var outcome: [String] = []
    @Option(help: "debug, info, warning, error, critical.") var severity: [String] = []
    @Option(help: "low, medium, high, critical.") var risk: [String] = []
    @Option(help: "Actors' ids.") var actorID: [String] = []
    @Option(help: "Sorts of actor.") var actorType: [String] = []
    @Option(help: "Sorts of resource.") var resourceType: [String] = []
    @Option(help: "Resources' ids.") var resourceID: [String] = []
    @Option(help: "Addresses.") var ip: [String] = []
    @Option(help: "Requests' ids.") var requestID: [String] = []
    @Option(help: "Sessions' ids.") var sessionID: [String] = []
    @Option(help: "Your own ids.") var externalID: [String] = []
    @Option(
        help: ArgumentHelp(
            "A member of details, by its dotted path.",
            valueName: "path=value"
        )
    )
    var details: [String] = []
    @Option(help: "From this time on, RFC 3339 or a date.") var from: String?
    @Option(help: "Up to this time; a date is inside.") var to: String?
    @Option(help: "Received from this time on.") var receivedFrom: String?
    @Option(help: "Received up to this time.") var receivedTo: String?
    @Option(help: "From this index on.") var indexFrom: String?
    @Option(help: "Up to this index, without it.") var indexTo: String?
    @Option(
        name: .customShort("q"),
        help: "Words that all occur; \"…\" a phrase, word* a prefix."
    )
    var text: String?
    @Option(help: "occurred_at or index. Default: occurred_at.") var sort: String?
    @Option(help: "desc or asc. Default: desc.") var order: String?

    /// The parameters of the request; without a limit and a cursor.
    func parameters() throws -> [QueryParameter] {
        var parameters: [QueryParameter] = []
        func add(_ name: String, _ values: [String]) {
            parameters += values.map { QueryParameter(name: name, value: $0) }
        }
        add("type", type)
        add("action", action)
        add("category", category)
        add("outcome", outcome)
        add("severity", severity)
        add("risk", risk)
        add("actor_id", actorID)
        add("actor_type", actorType)
        add("resource_type", resourceType)
        add("resource_id", resourceID)
        add("ip", ip)
        add("request_id", requestID)
        add("session_id", sessionID)
        add("external_id", externalID)
        for detail in details {
            let parts = detail.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure.badInput("--details takes PATH=VALUE")
            }
            add("details.\(parts[0])", [String(parts[1])])
        }
        let single: [(name: String, value: String?)] = [
            ("from", from), ("to", to), ("received_from", receivedFrom),
            ("received_to", receivedTo), ("index_from", indexFrom), ("index_to", indexTo),
            ("q", text), ("sort", sort), ("order", order),
        ]
        for (name, value) in single {
            add(name, value.map { [$0] } ?? [])
        }
        return parameters
    }
}
