// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnAPI

/// Verifies a proof offline, or a whole ledger.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a proof, or the whole ledger.",
        discussion: """
            With a file: reads a proof document, a C2SP tlog-proof together with its --leaf, or \
            an export, as the archive or as a folder, \
            and nothing else: no network, no settings, no store. --key is the note verifier key \
            that you trust.
            Without a file: has the server, or the store, compute every record anew and compare \
            it with the chain, the tree and every checkpoint.
            Exits with 0 if it holds; 1 if it does not; 2 if the file or an option cannot be \
            read; 3 if the server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Argument(
        help: "The proof, '-', or the export; without one, the ledger is verified.",
        completion: .file(extensions: ["json", "tlog-proof", "zip"])
    )
    var file: String?

    @Option(help: ArgumentHelp("The note verifier key that you trust.", valueName: "vkey"))
    var key: String?
    @Option(help: "The ledger's origin, where the key has another name.") var origin: String?
    @Option(help: ArgumentHelp("The leaf that a tlog-proof is for.", valueName: "file"))
    var leaf: String?
    @Option(help: "Verify from this index on.") var from: UInt64?
    @Option(help: "Verify up to this index, without it.") var to: UInt64?
    @Option(help: ArgumentHelp("A checkpoint that you hold to be right.", valueName: "file"))
    var checkpoint: String?
    @Flag(help: "Leave contents out: leaves, chain and tree alone.") var noContents = false
    @Flag(help: "Print the verdict as JSON.") var json = false

    /// The longest file that is read, in bytes.
    private static let limitBytes = 16 << 20

    func validate() throws {
        if file == nil {
            if key != nil || leaf != nil || origin != nil {
                throw ValidationError("--key, --leaf and --origin go with a file")
            }
        } else if key == nil {
            throw ValidationError("a file needs --key: whose signature do you trust?")
        } else if from != nil || to != nil || checkpoint != nil || noContents {
            throw ValidationError("--from, --to, --checkpoint and --no-contents go without a file")
        }
    }

    func run() async throws {
        if let file, let key {
            if let files = try ExportVerification.files(at: file) {
                try await ExportVerification(file, files, origin: origin, json: json)
                    .run(trusting: Self.verifierKey(key))
                return
            }
            try judge(file, trusting: Self.verifierKey(key))
        } else {
            try await verifyLedger()
        }
    }

    // MARK: A file

    private func judge(_ path: String, trusting key: NoteVerifierKey) throws {
        var source = try FileSource(path)
        let bytes = try source.all(limit: Self.limitBytes, name: path)
        let verdict: Verdict
        if bytes.starts(with: "c2sp.org/tlog-proof".utf8) {
            verdict = try self.verdict(onTLogProof: bytes, path: path, key: key)
        } else {
            let proof: RecordProof
            do {
                proof = try RecordProof(parsing: bytes)
            } catch {
                throw CommandFailure.badInput("\(path): cannot be read: \(error)")
            }
            verdict = verifier(key).verdict(on: proof)
        }
        if json {
            Terminal.write(Self.json(verdict).line)
        } else {
            Terminal.write("\(path): \(verdict.sentence)")
        }
        switch verdict {
        case .holds: break
        case .fails: throw ExitCode(ExitStatus.doesNotHold.rawValue)
        case .unsupported: throw ExitCode(ExitStatus.badInput.rawValue)
        }
    }

    private func verifier(_ key: NoteVerifierKey) -> Verifier {
        Verifier(
            policy: TrustPolicy(logKeys: [key], witnesses: [], quorum: 0),
            origin: origin ?? key.name
        )
    }

    private func verdict(
        onTLogProof bytes: [UInt8],
        path: String,
        key: NoteVerifierKey
    ) throws -> Verdict {
        guard let leafPath = leaf else {
            throw CommandFailure.badInput("\(path) is a tlog-proof; give the leaf with --leaf")
        }
        var source = try FileSource(leafPath)
        let leafBytes = try source.all(limit: Leaf.limitBytes, name: leafPath)
        let proof: TLogProof
        do {
            proof = try TLogProof(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw CommandFailure.badInput("\(path): cannot be read: \(error)")
        }
        let leaf: Leaf
        do {
            leaf = try Leaf(parsing: leafBytes)
        } catch .unsupportedVersion {
            return .unsupported("the leaf is of a version not known here")
        } catch {
            return .fails(step: .leaf, reason: "the leaf is malformed")
        }
        let policy = TrustPolicy(logKeys: [key], witnesses: [], quorum: 0)
        do {
            let checkpoint = try proof.verify(
                leafHash: Digest.leaf(leafBytes),
                policy: policy,
                origin: origin ?? key.name
            )
            guard leaf.origin == checkpoint.origin else {
                return .fails(step: .checkpoint, reason: "the checkpoint is of another ledger")
            }
            guard leaf.index == proof.index else {
                return .fails(step: .inclusion, reason: "the proof is of another index")
            }
            return .holds(checkpoint, leaf)
        } catch .untrusted(let reason) {
            return .fails(step: .checkpoint, reason: "\(reason)")
        } catch {
            return .fails(
                step: .inclusion,
                reason: "the path does not lead to the checkpoint's root"
            )
        }
    }

    private static func json(_ verdict: Verdict) -> JSONValue {
        switch verdict {
        case .holds(let checkpoint, let leaf):
            [
                "verdict": "holds", "origin": .string(checkpoint.origin),
                "index": .number(JSONNumber(leaf.index)), "id": .string(leaf.id.text),
                "received_at": .string(leaf.receivedAt.millisecondsText),
                "size": .number(JSONNumber(checkpoint.size)),
                "root": .string(checkpoint.root.hex),
            ]
        case .fails(let step, let reason):
            ["verdict": "fails", "step": .string(step.rawValue), "reason": .string(reason)]
        case .unsupported(let reason):
            ["verdict": "unsupported", "reason": .string(reason)]
        }
    }

    /// Reads a note verifier key.
    static func verifierKey(_ text: String) throws(CommandFailure) -> NoteVerifierKey {
        do {
            return try NoteVerifierKey(parsing: text)
        } catch {
            throw .badInput("the key is no note verifier key: \(error)")
        }
    }

    // MARK: A ledger

    private func verifyLedger() async throws {
        var request = VerificationRequest()
        request.from = from
        request.to = to
        request.contents = !noContents
        request.checkpoint = try checkpoint.map { try Self.note($0) }
        let bar = ProgressBar("records")
        let summary = try await ledger.withLedger { [request] access in
            defer { bar.finish() }
            return try await access.verify(request) { bar.update($0, of: $1) }
        }
        Terminal.write(json ? JSONValue.object(summary.members).line : summary.text)
        if !summary.holds { throw ExitCode(ExitStatus.doesNotHold.rawValue) }
    }

    /// Reads a signed note from a file.
    static func note(_ path: String) throws -> SignedNote {
        var source = try FileSource(path)
        do {
            return try SignedNote(
                parsing: try source.all(limit: SignedNote.limitBytes, name: path)
            )
        } catch let error as MalformedNote {
            throw CommandFailure.badInput("\(path) is no signed note: \(error)")
        }
    }
}
