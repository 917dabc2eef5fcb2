// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import Synchronization

/// Which rules of redaction hold for which tenant, and the keys of those that make digests.
package final class RedactionPolicy: Sendable {
    /// What holds for a tenant.
    package enum Choice: Sendable {
        /// Rules of its own, or the standard ones.
        case rules(RedactionRules)
        /// Nothing is taken out; what callers send is kept.
        case off
    }

    private let common: Redactor?
    private let own: [String: Redactor?]
    /// Takes shapes out of what the server itself writes; nil where nothing is taken out at all.
    let shapes: Redactor?
    private let keys = Mutex<[String: RedactionKey]>([:])

    /// The standard rules for everybody.
    package static let standard = RedactionPolicy(.rules(.standard))

    /// One choice for everybody, but for some tenants.
    package init(_ common: Choice, tenants: [String: Choice] = [:]) {
        self.common = common.redactor
        own = tenants.mapValues(\.redactor)
        shapes = self.common == nil ? nil : .shapes
    }

    /// What takes secrets out of a tenant's events; nil when nothing does.
    func redactor(of tenant: String) -> Redactor? {
        own[tenant] ?? common
    }

    /// The tenant's key of the period in which an instant is, if it has one.
    func key(of tenant: String, at time: Timestamp) -> RedactionKey? {
        guard redactor(of: tenant)?.needsKey == true else { return nil }
        return keys.withLock { $0[RedactionPolicy.name(of: tenant, at: time)] }
    }

    // MARK: Keys

    /// How often keys are looked after, so that the next period's is there when it begins.
    private static let lookAhead: Int64 = 86_400_000

    /// Loads the keys that tenants need now and in a day, and makes those that are missing.
    ///
    /// `draw` gives 32 random bytes.
    package func loadKeys(
        of directory: any Directory,
        at now: Timestamp,
        draw: @Sendable () -> [UInt8]
    ) async throws(StoreError) {
        for tenant in try await directory.tenants()
        where redactor(of: tenant.name)?.needsKey == true {
            for time in [now, now.advanced(byMilliseconds: RedactionPolicy.lookAhead)] {
                let name = RedactionPolicy.name(of: tenant.name, at: time)
                guard keys.withLock({ $0[name] == nil }) else { continue }
                try await directory.keep(draw(), as: name)
                guard let secret = try await directory.value(name) else {
                    throw .corrupt("the store does not keep \(name)")
                }
                let key = RedactionKey(id: RedactionPolicy.period(of: time), secret: secret)
                keys.withLock { $0[name] = key }
            }
        }
    }

    private static func name(of tenant: String, at time: Timestamp) -> String {
        "redaction-key/\(tenant)/\(period(of: time))"
    }

    /// The quarter of a year in UTC, such as `2026q4`.
    private static func period(of time: Timestamp) -> String {
        let date = time.millisecondsText.split(separator: "-")
        let month = Int(date[1]) ?? 1
        return "\(date[0])q\((month + 2) / 3)"
    }
}

extension RedactionPolicy.Choice {
    fileprivate var redactor: Redactor? {
        switch self {
        case .rules(let rules): Redactor(rules)
        case .off: nil
        }
    }
}
