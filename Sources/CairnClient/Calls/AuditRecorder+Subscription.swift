// SPDX-License-Identifier: Apache-2.0

public import Cairn
internal import Logging

/// What a subscription does when an event of it is not recorded.
public enum SubscriptionRule: Sendable, Hashable {
    /// It ends with the failure, so that nothing after it is recorded without it.
    case stop
    /// It goes on with the next; the failure is counted and logged.
    case goOn
}

extension AuditRecorder {
    /// Records what happens in an application's domain: each event that `mapping` makes of what
    /// comes, one after the other, until nothing more comes.
    ///
    /// What `mapping` makes nothing of is passed over. Durability is as the policy says for each
    /// event's type; how many were recorded is returned.
    ///
    /// - Throws: The failure of an event that is not recorded, if the rule is to stop, and whatever
    ///   the sequence throws.
    public func record<Events: AsyncSequence>(
        from events: Events,
        whenNotRecorded rule: SubscriptionRule = .stop,
        isolation: isolated (any Actor)? = #isolation,
        as mapping: (Events.Element) throws -> Event?
    ) async throws -> Int {
        var recorded = 0
        for try await element in events {
            guard let event = try mapping(element) else { continue }
            switch await record(event) {
            case .success: recorded += 1
            case .failure(let error): if rule == .stop { throw error }
            }
        }
        return recorded
    }
}
