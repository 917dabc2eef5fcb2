// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

extension Role: ExpressibleByArgument {}
extension Scope: ExpressibleByArgument {}

/// Makes, lists and revokes keys.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, list and revoke API keys, at a server or in a store on disk.",
        subcommands: [Create.self, List.self, Revoke.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, once.",
            discussion: """
                Only a hash of the key is kept. That it was made is a record of the tenant's \
                ledger. Exits with 0 if the key is made; 2 if something of it is not allowed; 3 if \
                the server or the store cannot be reached or is in use.
                """
        )

        @Option(help: "What people call the key: 1 to 128 bytes.") var name: String
        @Option(help: "What the key may do, as a role.") var role: Role?
        @Option(help: "One thing that the key may do; may be repeated.") var scope: [Scope] = []
        @Option(
            help: ArgumentHelp(
                "From when on the key is refused, such as 2027-01-31T00:00:00Z. Default: never.",
                valueName: "time"
            )
        )
        var expires: String?
        @Option(help: "The tenant. Default: that of the credential, or default.")
        var tenant: String?
        @OptionGroup var place: PlaceOptions
        @Flag(help: "Print the key's facts as JSON, the key among them.") var json = false

        func validate() throws {
            guard APIKey.isValidName(name) else {
                throw ValidationError("--name takes 1 to 128 bytes without control characters")
            }
            guard (role == nil) != scope.isEmpty else {
                throw ValidationError("give either --role or --scope")
            }
            try KeyCommand.validate(tenant)
            if let expires {
                guard let time = try? Timestamp.parse(expires), time.timestamp > Composition.now()
                else { throw ValidationError("--expires takes a time to come") }
            }
        }

        func run() async throws {
            let request = Registrar.KeyRequest(
                name: name,
                scopes: role?.scopes ?? Set(scope),
                expiresAt: try expires.map { try Timestamp.parse($0).timestamp }
            )
            let made = try await place.administer { try await $0.createKey(request, of: tenant) }
            Terminal.write(json ? made.line : made["key"]?.string ?? "")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys of a tenant, those that were revoked too.",
            discussion: """
                Exits with 0; 2 if there is no such tenant; 3 if the server or the store cannot be \
                reached or is in use.
                """
        )

        @Option(help: "The tenant. Default: that of the credential, or default.")
        var tenant: String?
        @OptionGroup var place: PlaceOptions
        @Flag(help: "Print a JSON object for each key, one a line.") var json = false

        func validate() throws { try KeyCommand.validate(tenant) }

        func run() async throws {
            let keys = try await place.administer { try await $0.keys(of: tenant) }
            Terminal.write(
                keys,
                asJSON: json,
                [
                    "KEY": "id", "NAME": "name", "SCOPES": "scopes", "CREATED AT": "created_at",
                    "LAST USED AT": "last_used_at", "EXPIRES AT": "expires_at",
                    "REVOKED AT": "revoked_at",
                ]
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key: within seconds every server refuses it.",
            discussion: """
                That it was revoked is a record of the tenant's ledger. Exits with 0 if the key is \
                revoked, now or before; 2 if the tenant has no such key; 3 if the server or the \
                store cannot be reached or is in use.
                """
        )

        @Argument(help: "The key's id: the 12 hex digits after 'cairn_'.") var id: String
        @Option(help: "The tenant. Default: that of the credential, or default.")
        var tenant: String?
        @OptionGroup var place: PlaceOptions
        @Flag(help: "Print the key's facts as JSON.") var json = false

        func validate() throws {
            try KeyCommand.validate(tenant)
            guard id.utf8.count == 12, Hex.decode(id) != nil else {
                throw ValidationError("a key's id has 12 hex digits")
            }
        }

        func run() async throws {
            let key = try await place.administer { try await $0.revokeKey(id, of: tenant) }
            Terminal.write(json ? key.line : key.summary(["id", "name", "revoked_at"]))
        }
    }

    private static func validate(_ tenant: String?) throws {
        if let tenant, !Tenant.isValidName(tenant) {
            throw ValidationError("--tenant takes 1 to 128 letters, digits, '.', '_' and '-'")
        }
    }
}

extension JSONValue {
    /// A member as people read it; empty where it is not.
    func shown(_ name: String) -> String {
        guard let items = self[name]?.array else { return self[name]?.string ?? "" }
        return items.compactMap(\.string).joined(separator: " ")
    }

    /// Some members on a line.
    func summary(_ names: [String]) -> String {
        Terminal.shown(names.map(shown).joined(separator: "  "))
    }
}

extension Terminal {
    /// Writes objects as a table of some of their members, or as JSON lines.
    static func write(
        _ objects: [JSONValue],
        asJSON isJSON: Bool,
        _ columns: KeyValuePairs<String, String>
    ) {
        guard !isJSON else {
            for object in objects { write(object.line) }
            return
        }
        var table = Table(columns.map(\.key))
        for object in objects { table.append(columns.map { shown(object.shown($0.value)) }) }
        write(table.rendered(columns: .max))
    }
}
