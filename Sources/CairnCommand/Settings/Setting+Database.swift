// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

extension Setting {
    static let databaseURL = Setting(
        key: "database.url",
        kind: .text,
        defaultText: nil,
        meaning: "The PostgreSQL database that many servers share, as libpq reads it; without it "
            + "the store is in the folder `data`.",
        isSecret: true
    )
    static let databaseConnections = Setting(
        key: "database.connections",
        kind: .integer(2...500),
        defaultText: "16",
        meaning: "Connections to the database at most."
    )
    static let readURL = Setting(
        key: "read.url",
        kind: .text,
        defaultText: nil,
        meaning: "A replica of the database, for pages and statistics.",
        isSecret: true
    )
    static let readStaleness = Setting(
        key: "read.staleness-ms",
        kind: .integer(0...60_000),
        defaultText: "200",
        meaning: "How long a reader waits for the replica to have every acknowledged record, in "
            + "milliseconds; then the primary is asked."
    )

    /// The settings of a database.
    static let database = [databaseURL, databaseConnections, readURL, readStaleness]
}

/// The settings of a database as options of a command.
struct DatabaseOptions: ParsableArguments {
    @Option(name: Setting.databaseURL.name, help: Setting.databaseURL.help)
    var databaseURL: String?
    @Option(name: Setting.databaseConnections.name, help: Setting.databaseConnections.help)
    var databaseConnections: String?
    @Option(name: Setting.readURL.name, help: Setting.readURL.help) var readURL: String?
    @Option(name: Setting.readStaleness.name, help: Setting.readStaleness.help)
    var readStaleness: String?

    /// What was given, in the order of the settings.
    var given: [String?] { [databaseURL, databaseConnections, readURL, readStaleness] }
}

/// Which database is used, and how.
struct DatabaseSettings: Sendable {
    var url: String
    var replica: String?
    var connections = 16
    var staleness = 200
    /// Whether the role must not own the tables: what it cannot do, nobody can in its name.
    var needsLeastPrivilege = false

    /// A database with what holds unless an operator sets otherwise.
    init(url: String) {
        self.url = url
    }

    /// Reads the settings; nil when there is no database.
    init?(_ reader: SettingReader) async throws(InvalidSetting) {
        let replica = try await reader.optionalText(.readURL)
        guard let url = try await reader.optionalText(.databaseURL) else {
            guard replica == nil else {
                throw InvalidSetting(
                    key: Setting.readURL.key,
                    allowed: "a replica of a database, which \(Setting.databaseURL.key) names"
                )
            }
            return nil
        }
        self.url = url
        self.replica = replica
        connections = try await reader.integer(.databaseConnections)
        staleness = try await reader.integer(.readStaleness)
        needsLeastPrivilege = try await reader.text(.environment) == "production"
    }
}
