// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

/// Shows ledgers, and accepts that a store was restored.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Show ledgers; accept a restored store.",
        subcommands: [Show.self, List.self, AcceptRestoreCommand.self]
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
}
