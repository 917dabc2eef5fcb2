// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

/// Makes and lists tenants.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Make and list tenants, at a server or in a store on disk.",
        subcommands: [Create.self, List.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a tenant and its ledger.",
            discussion: """
                The ledger's origin is fixed for ever, and its first record says who made it. \
                Exits with 0 if the tenant is made; 2 if the name is taken or not allowed; 3 if \
                the server or the store cannot be reached or is in use.
                """
        )

        @Argument(help: "The name: 1 to 128 letters, digits, '.', '_' and '-'.") var name: String
        @OptionGroup var place: PlaceOptions
        @Option(name: Setting.origin.name, help: Setting.origin.help) var origin: String?
        @Flag(help: "Print the tenant as JSON.") var json = false

        func validate() throws {
            guard Tenant.isValidName(name) else {
                throw ValidationError("a name has 1 to 128 letters, digits, '.', '_' and '-'")
            }
            guard let origin else { return }
            guard place.isLocal else {
                throw ValidationError(
                    "--origin needs --data or --database-url: a server has its own setting"
                )
            }
            guard Settings.isOriginPrefix(origin) else {
                throw ValidationError("--origin takes a prefix such as log.example.com/audit")
            }
        }

        func run() async throws {
            let tenant = try await place.administer(origin: origin) {
                try await $0.createTenant(name)
            }
            Terminal.write(json ? tenant.line : tenant.summary(["name", "origin"]))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tenants.",
            discussion: """
                Exits with 0; 2 if there is no store; 3 if the server or the store cannot be \
                reached or is in use.
                """
        )

        @OptionGroup var place: PlaceOptions
        @Flag(help: "Print a JSON object for each tenant, one a line.") var json = false

        func run() async throws {
            let tenants = try await place.administer { try await $0.tenants() }
            Terminal.write(
                tenants,
                asJSON: json,
                ["TENANT": "name", "CREATED AT": "created_at", "ORIGIN": "origin"]
            )
        }
    }
}
