// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Who is asking, whose ledger they ask about, and what they may do there.
///
/// One object a credential, because it goes along with every request.
package final class Principal: Sendable {
    /// What a principal is known by.
    package enum Kind: Sendable {
        /// Nothing at all.
        case anonymous
        /// A key of the tenant.
        case key
        /// A token of an issuer that the server believes.
        case token
        /// A viewer token.
        case viewer
    }

    /// The tenant whose ledger it is.
    package let tenant: String
    /// The key or token, never a secret; nil for an anonymous principal.
    package let id: String?
    /// Whom the key or token speaks for.
    package let subject: String?
    /// What the principal is known by.
    package let kind: Kind
    /// What the principal may do.
    package let scopes: Set<Scope>
    /// The part of the ledger that the principal is shown.
    package let narrowing: Narrowing
    /// Whether that is not everything.
    package let isNarrowed: Bool
    /// When the credential ends, if it does.
    package let expiresAt: Timestamp?
    /// The key that made a viewer token, with which it ends.
    package let makerKey: String?

    /// Names a principal.
    package init(
        tenant: String,
        id: String?,
        subject: String? = nil,
        kind: Kind = .key,
        scopes: Set<Scope>,
        narrowing: Narrowing = Narrowing(),
        expiresAt: Timestamp? = nil,
        makerKey: String? = nil
    ) {
        self.tenant = tenant
        self.id = id
        self.subject = subject
        self.kind = kind
        self.scopes = scopes
        self.narrowing = narrowing
        isNarrowed = !narrowing.isEmpty
        self.expiresAt = expiresAt
        self.makerKey = makerKey
    }

    /// A principal without a credential, of a server that asks for none: every scope of one tenant.
    package static func anonymous(tenant: String) -> Principal {
        Principal(
            tenant: tenant,
            id: nil,
            kind: .anonymous,
            scopes: Set(Scope.allCases).subtracting([.tenantsManage])
        )
    }
}
