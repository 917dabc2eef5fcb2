// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
package import Hummingbird

/// What is known of a request while it is handled.
package struct ServerContext: RequestContext {
    /// What Hummingbird keeps.
    package var coreContext: CoreRequestContextStorage
    /// The request's id, the caller's own if it sent a sane one.
    package var requestID = ""
    /// Who asks, once that is known.
    var principal: Principal?

    /// The digest by which the request names itself, if it has an `Idempotency-Key`.
    var requestName: Digest?

    /// Begins with a request that just came.
    package init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// Who asks.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/unauthenticated`` when that is not known.
    func caller() throws(Problem) -> Principal {
        guard let principal else { throw Problem(.unauthenticated) }
        return principal
    }

    /// A part of the path that the route names.
    func part(_ name: String) -> String {
        parameters.get(name) ?? ""
    }
}

extension Principal {
    /// Goes on only for a principal that may do this.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/forbidden`` naming the scope.
    func require(_ scope: Scope) throws(Problem) {
        guard scopes.contains(scope) else {
            throw Problem(.forbidden, "The credential lacks the scope \(scope.rawValue).")
        }
    }
}
