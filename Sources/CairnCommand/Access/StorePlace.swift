// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// Where a store is: in a folder, or in a database that many share; and where its key and its
/// checkpoints are.
struct StorePlace: Sendable {
    /// The folder of the store, or of the key and the first API key of a database.
    let folder: String
    /// The database, if the store is in one.
    let database: DatabaseSettings?
    let signingKeyFile: String
    let checkpointDirectory: String

    /// A place whose key and checkpoints are where they are unless somebody says otherwise.
    init(
        folder: String,
        database: DatabaseSettings? = nil,
        signingKeyFile: String? = nil,
        checkpointDirectory: String? = nil
    ) {
        self.folder = folder
        self.database = database
        self.signingKeyFile = signingKeyFile ?? Settings.keyFile(in: folder)
        self.checkpointDirectory = checkpointDirectory ?? Settings.sibling(of: folder)
    }

    /// The place that settings name.
    init(_ settings: Settings) {
        self.init(
            folder: settings.dataDirectory,
            database: settings.database,
            signingKeyFile: settings.signingKeyFile,
            checkpointDirectory: settings.checkpointDirectory
        )
    }

    /// The place that options of a command name.
    init(
        data: String?,
        databaseURL: String?,
        signingKey: String? = nil,
        checkpointDirectory: String? = nil
    ) {
        self.init(
            folder: data ?? Setting.data.defaultText ?? ".",
            database: databaseURL.map { DatabaseSettings(url: $0) },
            signingKeyFile: signingKey,
            checkpointDirectory: checkpointDirectory
        )
    }
}

/// Where a command that needs no server finds the store.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store's folder; with a database, the folder of its signing key.",
            valueName: "folder"
        )
    )
    var data: String?

    @Option(
        name: Setting.databaseURL.name,
        help: ArgumentHelp(
            "The store's database, as libpq reads it; also CAIRN_DATABASE_URL.",
            valueName: "url"
        )
    )
    var databaseURL: String?

    @Option(name: Setting.checkpointDirectory.name, help: Setting.checkpointDirectory.help)
    var checkpointDirectory: String?
    @Option(name: Setting.signingKey.name, help: Setting.signingKey.help)
    var signingKey: String?

    func validate() throws {
        if data == nil, database == nil {
            throw ValidationError("give --data or --database-url: where is the store?")
        }
    }

    /// The database, by the option or, where there is no folder, by the environment.
    private var database: String? {
        databaseURL
            ?? (data == nil
                ? ProcessInfo.processInfo.environment[Setting.databaseURL.variable] : nil)
    }

    var place: StorePlace {
        StorePlace(
            data: data,
            databaseURL: database,
            signingKey: signingKey,
            checkpointDirectory: checkpointDirectory
        )
    }
}
