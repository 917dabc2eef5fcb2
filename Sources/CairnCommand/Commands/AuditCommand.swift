// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

/// Derives every ledger of a store anew, without a server.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Derive every ledger of a store anew and compare.",
        discussion: """
            Reads the store and changes nothing in it; a server may run on it meanwhile. Compares \
            records, chain, tree, head and every checkpoint, also the newest one kept outside the \
            store. Exits with 0 if all ledgers hold; 1 if one does not, naming its first fault; 2 \
            if there is no store or an option is wrong; 3 if the store cannot be read.
            """
    )

    @OptionGroup var place: StoreOptions
    @Option(help: "Only this tenant's ledger.") var tenant: String?
    @Option(
        help: ArgumentHelp(
            "A checkpoint that you hold to be right; with --tenant, or a store of one tenant.",
            valueName: "file"
        )
    )
    var checkpoint: String?
    @Flag(help: "Compare the search index too.") var index = false
    @Flag(help: "Leave contents out: leaves, chain and tree alone.") var noContents = false
    @Flag(help: "Print a JSON object for each ledger, one a line.") var json = false

    func run() async throws {
        let audited = try await Composition.openForAudit(place.place)
        var tenants = try await audited.store.tenants()
        if let tenant {
            tenants.removeAll { $0.name != tenant }
            guard !tenants.isEmpty else {
                throw CommandFailure.badInput("there is no tenant \(tenant)")
            }
        }
        if checkpoint != nil, tenants.count != 1 {
            throw CommandFailure.badInput("--checkpoint needs --tenant: of which ledger is it?")
        }
        var holds = true
        for tenant in tenants {
            let summary = try await audit(tenant, in: audited)
            holds = holds && summary.holds
            show(summary, of: tenant)
        }
        if tenant == nil {
            for origin in try await removedLedgers(from: audited, tenants) {
                holds = false
                showRemoved(origin)
            }
        }
        if !holds { throw ExitCode(ExitStatus.doesNotHold.rawValue) }
    }

    /// The origins of ledgers that were published with this store's key and are not in it.
    private func removedLedgers(
        from audited: Composition.AuditedStore,
        _ tenants: [Tenant]
    ) async throws -> [String] {
        var origins: [String] = []
        let present = Set(tenants.map(\.ledger))
        for ledger in audited.published where !present.contains(ledger) {
            guard let note = try await audited.vault?.newest(of: ledger),
                let checkpoint = try? Checkpoint(parsing: note.text)
            else { continue }
            // A checkpoint of another store's key says nothing of this one.
            let key = audited.signer.verifierKey(for: checkpoint.origin)
            guard (try? note.verify(with: [key])) != nil else { continue }
            origins.append(checkpoint.origin)
        }
        return origins
    }

    private func showRemoved(_ origin: String) {
        let detail = "a checkpoint of the ledger was published, and the store does not have it"
        guard json else {
            Terminal.write("\(origin)\n  fails: \(Fault.Kind.missing.rawValue) at 0: \(detail)")
            return
        }
        let fault: JSONValue = [
            "index": 0, "kind": .string(Fault.Kind.missing.rawValue), "detail": .string(detail),
        ]
        let members: JSONObject = [
            "origin": .string(origin), "verdict": "fails", "faults": .array([fault]),
        ]
        Terminal.write(JSONValue.object(members).line)
    }

    private func audit(
        _ tenant: Tenant,
        in audited: Composition.AuditedStore
    ) async throws -> VerificationSummary {
        let bar = ProgressBar("records")
        defer { bar.finish() }
        let auditor = Auditor(
            tenant: tenant,
            store: audited.store,
            keys: [audited.signer.verifierKey(for: tenant.origin)]
        )
        var scope = AuditScope()
        scope.contents = !noContents
        let published = try await audited.vault?.newest(of: tenant.ledger)
        scope.checkpoint = try checkpoint.map { try VerifyCommand.note($0) } ?? published
        var report = try await auditor.audit(scope) { bar.update($0, of: $1) }
        if checkpoint != nil, let published, report.holds {
            // The one kept outside the store counts too.
            scope.checkpoint = published
            scope.contents = false
            let second = try await auditor.audit(scope) { bar.update($0, of: $1) }
            report.faults += second.faults
        }
        if index, report.holds {
            let fault = try await audited.store.check(in: tenant.ledger) { bar.update($0, of: nil) }
            if let fault { report.faults.append(fault) }
        }
        return VerificationSummary(report)
    }

    private func show(_ summary: VerificationSummary, of tenant: Tenant) {
        guard json else {
            Terminal.write("\(tenant.name) (\(tenant.origin))")
            Terminal.write(
                summary.text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
            )
            return
        }
        var members: JSONObject = [
            "tenant": .string(tenant.name), "origin": .string(tenant.origin),
        ]
        for member in summary.members { members[member.name] = member.value }
        Terminal.write(JSONValue.object(members).line)
    }
}
