// SPDX-License-Identifier: Apache-2.0

/// One thing a credential may do in its tenant.
///
/// Raw values are what callers and stores see, and never change.
package enum Scope: String, CaseIterable, Hashable, Sendable {
    /// Recording events.
    case eventsWrite = "events:write"
    /// Searching and reading records with their contents, and statistics.
    case eventsRead = "events:read"
    /// Checkpoints, tiles, consistency proofs and verifications.
    case ledgerVerify = "ledger:verify"
    /// Making exports.
    case exportsWrite = "exports:write"
    /// Fetching exports.
    case exportsRead = "exports:read"
    /// Making, listing and revoking keys of the tenant.
    case keysManage = "keys:manage"
    /// Making and listing tenants of the deployment.
    case tenantsManage = "tenants:manage"
    /// Erasing personal data.
    case privacyErase = "privacy:erase"
    /// Setting how long records are kept.
    case retentionManage = "retention:manage"
    /// Setting and lifting legal holds.
    case holdsManage = "holds:manage"
    /// Changing a tenant's settings.
    case settingsManage = "settings:manage"
}

/// A usual set of scopes, so that duties stay apart.
package enum Role: String, CaseIterable, Hashable, Sendable {
    /// An application that records events and reads none.
    case writer
    /// Somebody who searches.
    case reader
    /// Somebody who reads and verifies everything, and changes nothing.
    case auditor
    /// Somebody who takes data out.
    case exporter
    /// Somebody who erases personal data and holds it back from erasure.
    case privacyOfficer = "privacy-officer"
    /// Somebody who manages a tenant, and does not read its contents.
    case administrator
    /// Everything, other tenants' making included.
    case owner

    /// What the role may do.
    package var scopes: Set<Scope> {
        switch self {
        case .writer: [.eventsWrite]
        case .reader: [.eventsRead]
        case .auditor: [.eventsRead, .ledgerVerify, .exportsRead]
        case .exporter: [.eventsRead, .exportsWrite, .exportsRead]
        case .privacyOfficer: [.eventsRead, .privacyErase, .holdsManage]
        case .administrator: [.keysManage, .settingsManage, .retentionManage]
        case .owner: Set(Scope.allCases)
        }
    }
}

extension Set<Scope> {
    /// The scopes by name, in order, as they are stored and shown.
    package var names: [String] { map(\.rawValue).sorted() }

    /// Reads names; nil if one of them is no scope.
    package init?(names: some Sequence<String>) {
        self.init()
        for name in names {
            guard let scope = Scope(rawValue: name) else { return nil }
            insert(scope)
        }
    }
}
