// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird

/// One method on one path, and who answers it.
struct Route: Sendable {
    /// Answers a request.
    typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    /// Whom a route is open to.
    enum Access: Sendable {
        /// Everybody, with or without a credential.
        case everybody
        /// Whoever has a credential of a tenant.
        case members
        /// Who may do this in the tenant.
        case holders(Scope)
    }

    /// The method.
    let method: HTTPRequest.Method
    /// The path; braces mark parts that vary.
    let path: String
    /// Whom the route is open to.
    let access: Access
    /// The member of an answer that is shown once and never kept.
    let secretMember: String?
    /// Whether it shows the ledger as a whole, and is hidden from who is shown a part.
    let isWhole: Bool
    /// Who answers.
    let handler: Handler

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        for access: Access,
        secretMember: String? = nil,
        isWhole: Bool = false,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.secretMember = secretMember
        self.isWhole = isWhole
        self.handler = handler
    }

    /// The path as the router takes it: what is called `{tile}` spans any number of parts.
    var routerPath: RouterPath {
        guard path.hasSuffix("/{tile}") else { return RouterPath(path) }
        return RouterPath(path.dropLast("{tile}".count) + "**")
    }

    /// How many parts of the path vary.
    var variableParts: Int { path.count { $0 == "{" } }

    /// Whether a request's path is of this route.
    func matches(_ requested: String) -> Bool {
        let wanted = path.split(separator: "/", omittingEmptySubsequences: true)
        let found = requested.split(separator: "/", omittingEmptySubsequences: true)
        for (position, part) in wanted.enumerated() {
            guard position < found.count else { return false }
            if part == "{tile}" { return true }
            guard part.hasPrefix("{") || part.utf8.elementsEqual(found[position].utf8) else {
                return false
            }
        }
        return wanted.count == found.count
    }
}
