// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger

/// Lets a ledger go on that is shorter, or another, than its published checkpoint says.
struct AcceptRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept-restore",
        abstract: "Let a ledger of a restored store take writes again.",
        discussion: """
            A ledger that went back behind its published checkpoint refuses writes. This begins a \
            new epoch, records what was accepted and why in the ledger itself, and publishes a \
            checkpoint of what there is. Records that were lost stay lost, and whoever holds the \
            old checkpoint can prove it. Exits with 0 if the ledger takes writes again; 2 if there \
            is nothing to accept; 3 if the store cannot be used or is in use.
            """
    )

    @OptionGroup var place: StoreOptions
    @Option(help: "The tenant whose ledger it is.") var tenant = "default"
    @Option(help: "Why the store was restored, and by whom; it is recorded for ever.")
    var reason: String
    @Flag(help: "Print the outcome as JSON.") var json = false

    func validate() throws {
        guard (1...2048).contains(reason.utf8.count) else {
            throw ValidationError("--reason takes 1 to 2048 bytes")
        }
    }

    func run() async throws {
        let open = try await Composition.openExisting(place.place)
        let receipt: Receipt
        do {
            receipt = try await accept(in: open)
        } catch {
            try? await open.close()
            throw error
        }
        try await open.close()
        let facts: JSONValue = [
            "tenant": .string(tenant), "id": .string(receipt.id.text),
            "index": .number(JSONNumber(receipt.index)),
        ]
        Terminal.write(
            json ? facts.line : "accepted: recorded as \(receipt.id) at index \(receipt.index)"
        )
    }

    private func accept(in open: Composition.OpenStore) async throws -> Receipt {
        guard let tenant = try await open.store.tenant(named: tenant) else {
            throw CommandFailure.badInput("there is no tenant \(tenant)")
        }
        let published = try await open.vault.newest(of: tenant.ledger)
        let refused = try await Ledger(
            tenant,
            store: open.store,
            signer: open.signer,
            vault: open.vault,
            clock: open.clock
        )
        guard let contradiction = await refused.refusalReason else {
            throw CommandFailure.badInput(
                "the ledger agrees with its published checkpoint; there is nothing to accept"
            )
        }
        let head = await refused.currentHead
        let next = Head(
            frontier: head.frontier,
            chain: head.chain,
            lastReceivedAt: head.lastReceivedAt,
            epoch: head.epoch + 1
        )
        try await open.store.replaceHead(of: tenant.ledger, expecting: head, with: next)
        // Recorded before the published checkpoint is replaced: a crash between leaves a ledger
        // that still refuses, and accepting again records again.
        let ledger = try await Ledger(
            tenant,
            store: open.store,
            signer: open.signer,
            vault: nil,
            clock: open.clock
        )
        let event = try record(next, contradiction, published)
        let outcomes = await ledger.append([
            try Composition.preparer().prepare(ledgerEvent: event)
        ])
        guard case .recorded(let receipt)? = outcomes.first else {
            if case .failed(let error)? = outcomes.first { throw error }
            throw CommandFailure.unavailable("the acceptance could not be recorded")
        }
        try await open.vault.keep(try await ledger.checkpoint().note, of: tenant.ledger)
        return receipt
    }

    /// The event that says what was accepted.
    private func record(
        _ head: Head,
        _ contradiction: String,
        _ published: SignedNote?
    ) throws -> Event {
        var event = Event(
            type: try EventType("cairn.ledger.restore_accepted"),
            actor: Event.Actor(type: "operator", id: "cairn")
        )
        event.description = reason
        event.severity = .critical
        var details: JSONObject = [
            "epoch": .number(JSONNumber(head.epoch)),
            "size": .number(JSONNumber(head.size)),
            "root": .string(head.frontier.root.hex),
            "contradiction": .string(contradiction),
            "reason": .string(reason),
        ]
        details["published_checkpoint"] = published.map { .string($0.encoded) }
        event.details = JSONValue.object(details).canonical
        return event
    }
}
