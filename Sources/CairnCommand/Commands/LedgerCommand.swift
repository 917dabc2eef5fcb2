// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger
import CairnPostgres

/// Shows ledgers, and accepts that a store was restored.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Show ledgers; accept a restored store.",
        subcommands: [Show.self, List.self, AcceptRestoreCommand.self, Reindex.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a ledger's origin, size, root and public key.",
            discussion: """
                Exits with 0; 2 if there is no such ledger; 3 if the server or store cannot be \
                reached.
                """
        )

        @OptionGroup var ledger: LedgerOptions
        @Flag(help: "Print the ledger as JSON.") var json = false

        func run() async throws {
            let facts = try await ledger.withLedger { try await $0.facts() }
            Terminal.write(json ? facts.json.line : facts.table)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the ledgers of a store.",
            discussion: """
                Reads the store and changes nothing; a server may run on it. Exits with 0; 2 if \
                there is no store; 3 if it cannot be read.
                """
        )

        @OptionGroup var place: StoreOptions
        @Flag(help: "Print a JSON object for each ledger, one a line.") var json = false

        func run() async throws {
            let audited = try await Composition.openForAudit(place.place)
            var table = Table(["TENANT", "SIZE", "ORIGIN", "PUBLIC KEY"])
            for tenant in try await audited.store.tenants() {
                guard let head = try await audited.store.head(of: tenant.ledger) else { continue }
                let facts = LedgerFacts(
                    origin: tenant.origin,
                    size: head.size,
                    root: head.frontier.root,
                    hash: head.chain,
                    publicKey: audited.signer.verifierKey(for: tenant.origin).description
                )
                if json, case .object(var members) = facts.json {
                    members["tenant"] = .string(tenant.name)
                    Terminal.write(JSONValue.object(members).line)
                }
                table.append([tenant.name, "\(head.size)", tenant.origin, facts.publicKey])
            }
            if !json { Terminal.write(table.rendered(columns: .max)) }
        }
    }

    struct Reindex: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the search index of a database anew from the records.",
            discussion: """
                For an index that `cairn audit --index` finds damaged; servers may be at work, and \
                are to be restarted afterwards. A store in a folder needs no such command: without \
                its index.db, it makes the index anew at the start. Exits with 0; 2 if there is no \
                such tenant; 3 if the database cannot be used.
                """
        )

        @Option(
            name: Setting.databaseURL.name,
            help: ArgumentHelp("The database, as libpq reads it.", valueName: "url")
        )
        var databaseURL: String
        @Option(help: "Only this tenant's ledger.") var tenant: String?

        func run() async throws {
            let store = Composition.postgres(DatabaseSettings(url: databaseURL))
            do {
                try await reindex(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }

        private func reindex(_ store: PostgresStore) async throws {
            if let unfit = try await store.unfitness(forWriting: true) {
                throw CommandFailure.unavailable(unfit.description)
            }
            let tenants = try await store.tenants().filter { tenant == nil || $0.name == tenant }
            guard tenant == nil || !tenants.isEmpty else {
                throw CommandFailure.badInput("there is no tenant \(tenant ?? "")")
            }
            for tenant in tenants {
                let bar = ProgressBar("records")
                defer { bar.finish() }
                try await store.reindex(tenant.ledger) { bar.update($0, of: $1) }
                Terminal.write("\(tenant.name) (\(tenant.origin)): indexed")
            }
        }
    }
}
