// SPDX-License-Identifier: Apache-2.0

/// Who is asking, and whose ledger they ask about.
package struct Principal: Hashable, Sendable {
    /// The tenant whose ledger it is.
    package let tenant: String
    /// The key or token, never a secret; nil for an anonymous principal.
    package let id: String?
    /// Whom the key or token speaks for.
    package let subject: String?

    /// Names a principal.
    package init(tenant: String, id: String?, subject: String? = nil) {
        self.tenant = tenant
        self.id = id
        self.subject = subject
    }

    /// A principal without a credential, of a server that asks for none.
    package static func anonymous(tenant: String) -> Principal {
        Principal(tenant: tenant, id: nil)
    }
}
