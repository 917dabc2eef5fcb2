// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird

/// One method on one path, and who answers it.
struct Route: Sendable {
    /// Answers a request.
    typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    /// The method.
    let method: HTTPRequest.Method
    /// The path; braces mark parts that vary.
    let path: String
    /// Whether a caller has to say who it is.
    let isPublic: Bool
    /// Who answers.
    let handler: Handler

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        isPublic: Bool = false,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.isPublic = isPublic
        self.handler = handler
    }

    /// The path as the router takes it: what is called `{tile}` spans any number of parts.
    var routerPath: RouterPath {
        guard path.hasSuffix("/{tile}") else { return RouterPath(path) }
        return RouterPath(path.dropLast("{tile}".count) + "**")
    }

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
