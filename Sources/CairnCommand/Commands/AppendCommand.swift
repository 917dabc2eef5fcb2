// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnAPI
import Synchronization

/// Records one event.
struct AppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Record one event.",
        discussion: """
            Reads the event as a JSON object from the argument, from standard input for '-', or \
            makes it of the options. Prints its receipt. Exits with 0 if the event is recorded, \
            now or before; 2 if it is refused; 3 if the server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Argument(help: ArgumentHelp("The event as JSON, or '-'.", valueName: "event"))
    var event: String?

    @Option(help: "The kind of event, such as user.login.") var type: String?
    @Option(help: "Who did it: the actor's id.") var actor: String?
    @Option(help: "The sort of actor, such as user.") var actorType: String?
    @Option(help: "The actor's name.") var actorName: String?
    @Option(help: "What was done.") var action: String?
    @Option(help: "success, failure, denied, error or unknown.") var outcome: String?
    @Option(help: "debug, info, warning, error or critical.") var severity: String?
    @Option(help: "low, medium, high or critical.") var risk: String?
    @Option(help: "When it happened, RFC 3339.") var occurredAt: String?
    @Option(
        help: ArgumentHelp(
            "What it was done to; repeat for several.",
            valueName: "type:id"
        )
    )
    var resource: [String] = []
    @Option(help: "The address it came from.") var ip: String?
    @Option(help: "A sentence for people.") var description: String?
    @Option(help: ArgumentHelp("Anything else.", valueName: "json object")) var details: String?
    @Option(help: "Your own id.") var externalID: String?
    @Option(help: "The event's id, a UUID of version 4 or 7.") var id: String?

    @Flag(help: "Print the receipt as JSON.") var json = false

    func validate() throws {
        guard (event == nil) != (type == nil) else {
            throw ValidationError("give the event as JSON, or --type and --actor")
        }
        if event == nil, actor == nil { throw ValidationError("--type needs --actor") }
    }

    func run() async throws {
        let batch = SingleBatch([try eventText()])
        let results = Mutex<[AppendResult]>([])
        try await ledger.withLedger(creatingStore: true) { access in
            try await access.append(batch) { result in results.withLock { $0.append(result) } }
        }
        guard let result = results.withLock({ $0.first }) else {
            throw CommandFailure.unavailable("no answer came; it is not known if it is recorded")
        }
        guard let receipt = result.receipt else {
            let sentence = result.problem?.sentence ?? "status \(result.status)"
            throw result.status >= 500
                ? CommandFailure.unavailable(sentence) : CommandFailure.badInput(sentence)
        }
        show(receipt, isKnown: result.status == 200)
    }

    private func show(_ receipt: ReceiptBody, isKnown: Bool) {
        if json {
            var output = JSONOutput()
            receipt.append(to: &output)
            Terminal.write(String(decoding: output.bytes, as: UTF8.self))
            return
        }
        Terminal.write(
            Table.facts([
                (isKnown ? "recorded before" : "recorded", receipt.id.text),
                ("index", "\(receipt.index)"),
                ("received at", receipt.receivedAt.millisecondsText),
                ("leaf hash", receipt.leafHash.hex), ("hash", receipt.hash.hex),
                ("origin", receipt.origin),
            ])
        )
    }

    /// The event as one line of JSON.
    private func eventText() throws -> [UInt8] {
        guard let event else { return try made().canonical.bytes }
        var bytes = Array(event.utf8)
        if event == "-" {
            var input = try FileSource("-")
            bytes = try input.all(limit: LineReader.limitBytes, name: "standard input")
        }
        do {
            // A line break in the event must not be taken for its end.
            let value = try JSONValue(
                parsing: bytes,
                limits: JSONLimits(depth: 64, bytes: LineReader.limitBytes)
            )
            guard value.object != nil else {
                throw CommandFailure.badInput("an event is an object")
            }
            return Array(value.line.utf8)
        } catch let error as InvalidJSON {
            throw CommandFailure.badInput("the event is not JSON: \(error)")
        }
    }

    private func made() throws -> JSONValue {
        var event = JSONObject()
        func set(_ name: String, _ text: String?) {
            event[name] = text.map { .string($0) }
        }
        set("id", id)
        set("type", type)
        set("action", action)
        set("outcome", outcome)
        set("severity", severity)
        set("risk", risk)
        set("occurred_at", occurredAt)
        set("description", description)
        set("external_id", externalID)
        var person = JSONObject()
        person["id"] = actor.map { .string($0) }
        person["type"] = actorType.map { .string($0) }
        person["name"] = actorName.map { .string($0) }
        event["actor"] = .object(person)
        if let ip { event["source"] = ["ip": .string(ip)] }
        if !resource.isEmpty {
            event["resources"] = .array(
                try resource.map { text in
                    let parts = text.split(separator: ":", maxSplits: 1)
                    guard parts.count == 2 else {
                        throw CommandFailure.badInput("--resource takes TYPE:ID")
                    }
                    return ["type": .string(String(parts[0])), "id": .string(String(parts[1]))]
                }
            )
        }
        if let details {
            do {
                event["details"] = try JSONValue(parsing: details)
            } catch {
                throw CommandFailure.badInput("--details is not JSON: \(error)")
            }
        }
        return .object(event)
    }
}
