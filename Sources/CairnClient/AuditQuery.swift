// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// A question to the ledger: conditions, all of which hold; newest first.
///
/// Several values of one condition are alternatives. The log is asked, never a memory of what was
/// sent.
public struct AuditQuery: Sendable, Hashable {
    /// Kinds of event; a trailing `*` stands for anything that follows.
    public var types: [String] = []
    /// What was done, in the callers' words.
    public var actions: [String] = []
    /// How it ended.
    public var outcomes: [Outcome] = []
    /// How much it matters.
    public var severities: [Severity] = []
    /// Who did it.
    public var actorIDs: [String] = []
    /// The sorts of who did it.
    public var actorTypes: [String] = []
    /// The sorts of what it was done to.
    public var resourceTypes: [String] = []
    /// What it was done to.
    public var resourceIDs: [String] = []
    /// The requests in which it happened.
    public var requestIDs: [String] = []
    /// The callers' own identifiers.
    public var externalIDs: [String] = []
    /// Values of members of `details`, by their dotted paths.
    public var details: [String: String] = [:]
    /// Words that all occur.
    public var text: String?
    /// The first instant of when it happened.
    public var from: Timestamp?
    /// The first instant that is too late.
    public var to: Timestamp?
    /// How many records at most, from 1 to 1,000.
    public var limit = 50
    /// Where an earlier page ended.
    public var cursor: String?

    /// Asks for everything.
    public init() {}

    /// Asks what an actor did, what was done to a sort of resource, or both.
    public init(
        actorID: String? = nil,
        resourceType: String? = nil,
        from: Timestamp? = nil,
        limit: Int = 50
    ) {
        actorIDs = actorID.map { [$0] } ?? []
        resourceTypes = resourceType.map { [$0] } ?? []
        self.from = from
        self.limit = limit
    }

    /// The same question about what follows a page; nil when nothing does.
    public func next(after page: Page) -> AuditQuery? {
        guard let cursor = page.nextCursor else { return nil }
        var next = self
        next.cursor = cursor
        return next
    }

    /// The question as parameters, names in order.
    package var parameters: [(name: String, value: String)] {
        var all: [(name: String, value: String)] = []
        for (name, values) in [
            ("action", actions), ("actor_id", actorIDs), ("actor_type", actorTypes),
            ("external_id", externalIDs), ("outcome", outcomes.map(\.rawValue)),
            ("request_id", requestIDs), ("resource_id", resourceIDs),
            ("resource_type", resourceTypes), ("severity", severities.map(\.rawValue)),
            ("type", types),
        ] {
            all += values.map { (name, $0) }
        }
        for (path, value) in details.sorted(by: { $0.key < $1.key }) {
            all.append(("details.\(path)", value))
        }
        for (name, value) in [
            ("q", text), ("from", from?.text), ("to", to?.text), ("cursor", cursor),
        ] {
            if let value { all.append((name, value)) }
        }
        all.append(("limit", String(limit)))
        return all
    }
}
