// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger
import Foundation

/// Where a command finds its ledger: at a server, or in a store.
struct LedgerOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Option(help: "The tenant, with --data or --database-url. Default: default.")
    var tenant: String?

    @Option(
        name: Setting.redaction.name,
        help: ArgumentHelp(
            "What is taken out of events, with --data or --database-url; also "
                + "\(Setting.redaction.variable). Default: standard.",
            valueName: "file"
        )
    )
    var redaction: String?

    func validate() throws {
        if redaction != nil, !place.isLocal {
            throw ValidationError(
                "--\(Setting.redaction.option) needs --data or --database-url: a server has its own"
            )
        }
        if tenant != nil, !place.isLocal {
            throw ValidationError(
                "--tenant needs --data or --database-url: at a server, the credential says which "
                    + "tenant it is"
            )
        }
        if let tenant, !Tenant.isValidName(tenant) {
            throw ValidationError("--tenant takes 1 to 128 letters, digits, '.', '_' and '-'")
        }
    }

    /// Opens the ledger, and closes it when `body` is done.
    func withLedger<Result: Sendable>(
        creatingStore: Bool = false,
        _ body: (any LedgerAccess) async throws -> Result
    ) async throws -> Result {
        let access = try await open(creatingStore: creatingStore)
        return try await PlaceOptions.closing(access.close) { try await body(access) }
    }

    private func open(creatingStore: Bool) async throws -> any LedgerAccess {
        guard let store = place.store else { return try place.remote() }
        return try await Composition.localLedger(
            at: store,
            tenant: tenant ?? "default",
            redaction: try RedactionFile.read(
                redaction ?? ProcessInfo.processInfo.environment[Setting.redaction.variable]
                    ?? "standard"
            ),
            creatingStore: creatingStore
        )
    }
}
