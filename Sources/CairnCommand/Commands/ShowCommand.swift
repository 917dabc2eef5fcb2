// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnAPI
import Foundation

/// Shows one record and proves it.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one record with its proof.",
        discussion: """
            Prints the record and checks its proof with the ledger's own key, which says that the \
            ledger agrees with itself; give --key to check with a key from elsewhere. Exits with \
            0 if the proof holds; 1 if it does not; 2 if there is no such record; 3 if the \
            server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Argument(help: "The event's id.") var id: String
    @Option(help: ArgumentHelp("The note verifier key to trust.", valueName: "vkey"))
    var key: String?
    @Option(help: ArgumentHelp("Write the proof document here.", valueName: "file"))
    var proof: String?
    @Option(help: ArgumentHelp("Write the C2SP tlog-proof here.", valueName: "file"))
    var tlogProof: String?
    @Option(help: ArgumentHelp("Write the leaf's bytes here.", valueName: "file"))
    var leaf: String?
    @Flag(help: "Print record and proof as JSON.") var json = false

    func run() async throws {
        guard let id = EventID(id) else {
            throw CommandFailure.badInput("an event's id is a UUID of version 4 or 7")
        }
        let (record, evidence, facts) = try await ledger.withLedger { access in
            (try await access.record(id), try await access.proof(of: id), try await access.facts())
        }
        let trusted = try VerifyCommand.verifierKey(key ?? facts.publicKey)
        let verdict = Verifier(key: trusted).verdict(on: evidence)
        try write(evidence)
        if json {
            var output = JSONOutput()
            output.beginObject()
            output.name("record")
            output.value(record)
            output.name("proof")
            evidence.encoded.withUnsafeBytes { output.value(json: $0) }
            output.member("verdict", verdict.holds ? "holds" : "fails")
            output.endObject()
            Terminal.write(String(decoding: output.bytes, as: UTF8.self))
        } else {
            Terminal.write(Terminal.isOutputShown ? Self.safe(record) : Self.pretty(record))
            Terminal.write("proof: \(verdict.sentence)")
            Terminal.write("key: \(trusted)")
        }
        if !verdict.holds { throw ExitCode(ExitStatus.doesNotHold.rawValue) }
    }

    private static func pretty(_ record: JSONValue) -> String {
        JSONText.prettyPrinted(record)
    }

    private static func safe(_ record: JSONValue) -> String {
        pretty(record).split(separator: "\n").map { Terminal.shown(String($0)) }
            .joined(separator: "\n")
    }

    private func write(_ evidence: RecordProof) throws {
        if let proof { try Self.write(evidence.encoded, to: proof) }
        if let leaf { try Self.write(evidence.disclosure.leaf, to: leaf) }
        if let tlogProof {
            let file = TLogProof(
                extra: nil,
                index: evidence.inclusion.index,
                path: evidence.inclusion.path,
                checkpoint: evidence.checkpoint
            )
            try Self.write(Array(file.encoded.utf8), to: tlogProof)
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandFailure.badInput("\(path) cannot be written")
        }
    }
}

extension Verdict {
    /// The verdict in a line.
    var sentence: String {
        switch self {
        case .holds(let checkpoint, let leaf):
            "holds: record \(leaf.index) of \(checkpoint.origin), "
                + "received \(leaf.receivedAt.millisecondsText), "
                + "in the checkpoint of \(checkpoint.size) records"
        case .fails(let step, let reason): "fails at \(step.rawValue): \(reason)"
        case .unsupported(let reason): "cannot be judged: \(reason)"
        }
    }
}
