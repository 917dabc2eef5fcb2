// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger
import CairnPostgres
import Foundation

/// Makes the schema of a database, or brings it up to date.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Make the schema of a PostgreSQL database, or bring it up to date.",
        discussion: """
            Runs as the role that owns the tables, beside servers that are at work. Servers run as \
            another role, to which --grant gives the rights they need and no others: it adds \
            evidence and reads it, and cannot change it. With --citus, tables of records are \
            distributed by ledger. A store in a folder needs no migration: it is brought up to \
            date at start. Exits with 0 if the schema is as this program needs it; 2 if an option \
            is wrong; 3 if the database cannot be used.
            """
    )

    @Option(
        name: Setting.databaseURL.name,
        help: ArgumentHelp(
            "The database, as libpq reads it; also CAIRN_DATABASE_URL.",
            valueName: "url"
        )
    )
    var databaseURL: String?
    @Option(help: ArgumentHelp("The role that servers run as.", valueName: "role"))
    var grant: String?
    @Flag(help: "Distribute the tables of records by ledger, with Citus.") var citus = false
    @Flag(help: "Print the outcome as JSON.") var json = false

    func validate() throws {
        if let grant, grant.isEmpty || grant.utf8.contains(0) {
            throw ValidationError("--grant takes the name of a role")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let url = databaseURL ?? environment[Setting.databaseURL.variable] else {
            throw CommandFailure.badInput("give --database-url, or set CAIRN_DATABASE_URL")
        }
        let store = Composition.postgres(DatabaseSettings(url: url))
        let versions: (from: Int64, to: Int64)
        do {
            versions = try await store.migrate(isCluster: citus)
            if let grant { try await store.grant(to: grant) }
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        var members: JSONObject = [
            "from": .number(JSONNumber(versions.from)), "to": .number(JSONNumber(versions.to)),
        ]
        members["granted"] = grant.map { .string($0) }
        let moved =
            versions.from == versions.to
            ? "the schema is \(versions.to) already"
            : "the schema was \(versions.from) and is \(versions.to)"
        let granted = grant.map { "; \($0) has its rights" } ?? ""
        Terminal.write(json ? JSONValue.object(members).line : moved + granted)
    }
}
