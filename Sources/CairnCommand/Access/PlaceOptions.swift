// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// Where a command works: at a server, or in a store.
struct PlaceOptions: ParsableArguments {
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

    func validate() throws {
        if isLocal, server != nil || apiKey != nil {
            throw ValidationError("--data and --database-url exclude --server")
        }
    }

    /// Whether the command works in a store.
    var isLocal: Bool { data != nil || databaseURL != nil }

    /// The store in which the command works, if it does.
    var store: StorePlace? { isLocal ? StorePlace(data: data, databaseURL: databaseURL) : nil }

    /// The server at which it works if it does not.
    func remote() throws -> RemoteLedger {
        let environment = ProcessInfo.processInfo.environment
        return try RemoteLedger(
            server: server ?? environment["CAIRN_SERVER"] ?? PlaceOptions.defaultServer,
            apiKey: apiKey ?? environment["CAIRN_API_KEY"]
        )
    }

    /// Opens what is managed, and closes it when `body` is done.
    func administer<Result: Sendable>(
        origin: String? = nil,
        _ body: (any Administration) async throws -> Result
    ) async throws -> Result {
        guard let store else {
            let remote = try remote()
            return try await PlaceOptions.closing(remote.close) {
                try await body(RemoteAdministration(server: remote))
            }
        }
        let open = try await Composition.openExisting(store)
        return try await PlaceOptions.closing({ try await open.close() }) {
            if store.database != nil {
                try await Composition.createDefaultTenant(in: open, prefix: origin)
            }
            return try await body(try await LocalAdministration(open, prefix: origin))
        }
    }

    /// Does `body` with what is open, and closes it.
    static func closing<Result>(
        _ close: () async throws -> Void,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let result: Result
        do {
            result = try await body()
        } catch {
            // The first failure is the one to tell.
            try? await close()
            throw error
        }
        try await close()
        return result
    }
}
