// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger
import Foundation

/// Where a command finds its ledger: at a server, or in a store.
struct LedgerOptions: ParsableArguments {
    /// Where a server is when nobody says otherwise.
    static let defaultServer = "http://127.0.0.1:8000"

    @Option(
        help: ArgumentHelp(
            "The server's address. Default: \(defaultServer), or CAIRN_SERVER.",
            valueName: "url"
        )
    )
    var server: String?

    @Option(help: ArgumentHelp("The API key; also CAIRN_API_KEY.", valueName: "key"))
    var apiKey: String?

    @Option(
        help: ArgumentHelp(
            "Use the store in this folder instead of a server; no server may run on it.",
            valueName: "folder"
        )
    )
    var data: String?

    @Option(
        name: Setting.databaseURL.name,
        help: ArgumentHelp(
            "Use the store in this database instead of a server; servers may run on it. Its "
                + "signing key is in the folder of --data, or ./cairn-data.",
            valueName: "url"
        )
    )
    var databaseURL: String?

    @Option(help: "The tenant, with --data or --database-url. Default: default.")
    var tenant: String?

    func validate() throws {
        let isLocal = data != nil || databaseURL != nil
        if isLocal, server != nil || apiKey != nil {
            throw ValidationError("--data and --database-url exclude --server")
        }
        if tenant != nil, !isLocal {
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
        let result: Result
        do {
            result = try await body(access)
        } catch {
            // The first failure is the one to tell.
            try? await access.close()
            throw error
        }
        try await access.close()
        return result
    }

    private func open(creatingStore: Bool) async throws -> any LedgerAccess {
        if data != nil || databaseURL != nil {
            return try await Composition.localLedger(
                at: StorePlace(data: data, databaseURL: databaseURL),
                tenant: tenant ?? "default",
                creatingStore: creatingStore
            )
        }
        let environment = ProcessInfo.processInfo.environment
        return try RemoteLedger(
            server: server ?? environment["CAIRN_SERVER"] ?? LedgerOptions.defaultServer,
            apiKey: apiKey ?? environment["CAIRN_API_KEY"]
        )
    }
}
