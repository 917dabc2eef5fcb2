// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

/// Makes and revokes viewer tokens.
struct ViewerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "viewer",
        abstract: "Make and revoke tokens that show a part of a ledger for a while.",
        subcommands: [Create.self, Revoke.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a viewer token; it is shown once.",
            discussion: """
                The token shows the records that match every condition that is given, and all \
                records if none is. It does no more than the credential that makes it, and ends \
                with it. Exits with 0; 2 if a rule is broken; 3 if the server or the store cannot \
                be reached or is in use.
                """
        )

        @Option(help: "Show records of the actor with this id.") var actorID: String?
        @Option(help: "Show records of actors of this type.") var actorType: String?
        @Option(help: "Show records that name a resource of this type.") var resourceType: String?
        @Option(help: "Show records that name the resource of this id.") var resourceID: String?
        @Option(help: "Show records of this type; a trailing '*' is a prefix; may be repeated.")
        var type: [String] = []
        @Option(help: "What may be done with it; may be repeated. Default: events:read.")
        var scope: [Scope] = []
        @Option(help: "For how many seconds it is good, up to a day.")
        var expiresIn = ViewerToken.defaultSeconds
        @Option(help: "Whom it is for: 1 to 128 bytes.") var subject: String?
        @Option(help: "The tenant, with --data or --database-url. Default: default.") var tenant:
            String?
        @OptionGroup var place: PlaceOptions
        @Flag(help: "Print the token's facts as JSON, the token among them.") var json = false

        func validate() throws {
            try ViewerCommand.validate(tenant, place)
            guard (1...ViewerToken.limitSeconds).contains(expiresIn) else {
                throw ValidationError("--expires-in takes 1 to \(ViewerToken.limitSeconds) seconds")
            }
            guard Set(scope).isSubset(of: ViewerToken.scopes) else {
                let names = ViewerToken.scopes.names.joined(separator: ", ")
                throw ValidationError("--scope takes \(names)")
            }
            if let subject, !APIKey.isValidName(subject) {
                throw ValidationError("--subject takes 1 to 128 bytes without control characters")
            }
            do {
                _ = try request()
            } catch {
                throw ValidationError("\(error.member) \(error.rule)")
            }
        }

        func run() async throws {
            let request = try request()
            let made = try await place.administer { try await $0.createViewer(request, of: tenant) }
            Terminal.write(json ? made.line : made["token"]?.string ?? "")
        }

        private func request() throws(Narrowing.Malformed) -> Registrar.ViewerRequest {
            var conditions = JSONObject()
            conditions["actor_id"] = actorID.map { .string($0) }
            conditions["actor_type"] = actorType.map { .string($0) }
            conditions["resource_type"] = resourceType.map { .string($0) }
            conditions["resource_id"] = resourceID.map { .string($0) }
            if !type.isEmpty { conditions["type"] = .array(type.map { .string($0) }) }
            var request = Registrar.ViewerRequest()
            request.narrowing = try Narrowing(conditions)
            if !scope.isEmpty { request.scopes = Set(scope) }
            request.seconds = expiresIn
            request.subject = subject
            return request
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a viewer token: within seconds every server refuses it.",
            discussion: """
                Exits with 0 if the token is revoked, now or before; 2 if the tenant has no such \
                token; 3 if the server or the store cannot be reached or is in use.
                """
        )

        @Argument(help: "The token's id: 32 hex digits.") var id: String
        @Option(help: "The tenant, with --data or --database-url. Default: default.") var tenant:
            String?
        @OptionGroup var place: PlaceOptions

        func validate() throws {
            try ViewerCommand.validate(tenant, place)
            guard id.utf8.count == 32, Hex.decode(id) != nil else {
                throw ValidationError("a viewer token's id has 32 hex digits")
            }
        }

        func run() async throws {
            try await place.administer { try await $0.revokeViewer(id, of: tenant) }
        }
    }

    private static func validate(_ tenant: String?, _ place: PlaceOptions) throws {
        guard let tenant else { return }
        guard place.isLocal else {
            throw ValidationError(
                "--tenant goes with --data or --database-url; a server knows the credential's"
            )
        }
        guard Tenant.isValidName(tenant) else {
            throw ValidationError("--tenant takes 1 to 128 letters, digits, '.', '_' and '-'")
        }
    }
}
