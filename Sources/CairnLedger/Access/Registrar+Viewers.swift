// SPDX-License-Identifier: Apache-2.0

internal import Cairn

extension Registrar {
    /// What a new viewer token is to be.
    package struct ViewerRequest: Sendable {
        /// What may be done with it; of these only what its maker may do.
        package var scopes: Set<Scope> = [.eventsRead]
        /// The part of the ledger that it shows.
        package var narrowing = Narrowing()
        /// How long it is good, in seconds; it never outlives its maker's credential.
        package var seconds = ViewerToken.defaultSeconds
        /// Whom it is for.
        package var subject: String?

        /// Asks for a token that shows everything for an hour.
        package init() {}
    }

    /// Makes a viewer token of a principal's tenant; that it was made is recorded first.
    ///
    /// Nobody is the operator at the console, who says whose tenant it is.
    package func createViewer(
        _ request: ViewerRequest,
        of tenant: String,
        by principal: Principal?
    ) async throws(LedgerError) -> (viewer: ViewerToken, text: String) {
        let asked = now().milliseconds + Int64(request.seconds) * 1000
        let end = min(asked, principal?.expiresAt?.milliseconds ?? asked)
        let viewer = ViewerToken(
            id: viewers.id(of: tenant, random: drawBytes(10)),
            tenant: tenant,
            scopes: request.scopes,
            narrowing: request.narrowing,
            expiresAt: Timestamp(milliseconds: end),
            subject: request.subject,
            makerKey: principal?.kind == .key ? principal?.id : nil
        )
        var entry = SelfRecorder.Entry(.changes, "viewer_token.created")
        entry.resources = [
            Event.Resource(type: "viewer_token", id: viewer.id, name: viewer.subject)
        ]
        entry.details["scopes"] = .array(viewer.scopes.names.map { .string($0) })
        entry.details["filter"] = viewer.narrowing.json
        entry.details["expires_at"] = .string(viewer.expiresAt.millisecondsText)
        try await recorder.record(entry, in: tenant, by: principal)
        return (viewer, viewers.encode(viewer))
    }

    /// Revokes a viewer token of a tenant, and says whether it was made here; again is as once.
    package func revokeViewer(
        _ id: String,
        of tenant: String,
        by principal: Principal?
    ) async throws(LedgerError) -> Bool {
        guard viewers.isID(id, of: tenant) else { return false }
        let now = now()
        let end = now.advanced(byMilliseconds: Int64(ViewerToken.limitSeconds) * 1000)
        do throws(StoreError) {
            try await directory.revokeViewer(id, of: tenant, at: now, until: end)
        } catch {
            throw LedgerError(error)
        }
        var entry = SelfRecorder.Entry(.changes, "viewer_token.revoked")
        entry.resources = [Event.Resource(type: "viewer_token", id: id)]
        entry.id = recorder.id(of: ["viewer_token.revoked", tenant, id])
        try await recorder.record(entry, in: tenant, by: principal)
        return true
    }
}
