// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

/// Makes and lists the tenants of a store.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Make and list the tenants of a store.",
        subcommands: [Create.self, List.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a tenant and its empty ledger.",
            discussion: """
                The ledger's origin is fixed for ever. Exits with 0 if the tenant is made; 2 if \
                the name is taken or not allowed; 3 if the store cannot be used or is in use.
                """
        )

        @Argument(help: "The name: 1 to 128 letters, digits, '.', '_' and '-'.") var name: String
        @Option(help: ArgumentHelp("The store's folder.", valueName: "folder")) var data: String
        @Option(name: Setting.origin.name, help: Setting.origin.help) var origin: String?
        @Flag(help: "Print the tenant as JSON.") var json = false

        func validate() throws {
            guard Tenant.isValidName(name) else {
                throw ValidationError("a name has 1 to 128 letters, digits, '.', '_' and '-'")
            }
            if let origin, !Settings.isOriginPrefix(origin) {
                throw ValidationError("--origin takes a prefix such as log.example.com/audit")
            }
        }

        func run() async throws {
            guard Composition.hasStore(in: data) else {
                throw CommandFailure.badInput("\(data) holds no store; check the path")
            }
            let open = try await Composition.openStore(
                in: data,
                signingKeyFile: Settings.keyFile(in: data),
                checkpointDirectory: Settings.sibling(of: data)
            )
            let tenant: Tenant
            do {
                guard try await open.store.tenant(named: name) == nil else {
                    throw CommandFailure.badInput("there is a tenant \(name) already")
                }
                tenant = try await Composition.createTenant(name, in: open, prefix: origin)
            } catch {
                try? await open.close()
                throw error
            }
            try await open.close()
            Terminal.write(json ? tenant.json.line : "\(tenant.name)  \(tenant.origin)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tenants of a store.",
            discussion: """
                Reads the store and changes nothing; a server may run on it. Exits with 0; 2 if \
                there is no store; 3 if it cannot be read.
                """
        )

        @Option(help: ArgumentHelp("The store's folder.", valueName: "folder")) var data: String
        @Flag(help: "Print a JSON object for each tenant, one a line.") var json = false

        func run() async throws {
            let audited = try await Composition.openForAudit(
                data,
                signingKeyFile: Settings.keyFile(in: data),
                checkpointDirectory: Settings.sibling(of: data)
            )
            let tenants = try await audited.store.tenants()
            guard !json else {
                for tenant in tenants { Terminal.write(tenant.json.line) }
                return
            }
            var table = Table(["TENANT", "CREATED AT", "ORIGIN"])
            for tenant in tenants {
                table.append([tenant.name, tenant.createdAt.millisecondsText, tenant.origin])
            }
            Terminal.write(table.rendered(columns: .max))
        }
    }
}

extension Tenant {
    /// The tenant as JSON.
    var json: JSONValue {
        [
            "name": .string(name), "ledger": .string(ledger.text), "origin": .string(origin),
            "created_at": .string(createdAt.millisecondsText),
        ]
    }
}
