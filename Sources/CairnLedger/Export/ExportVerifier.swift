// SPDX-License-Identifier: Apache-2.0

package import Cairn
internal import Synchronization

/// What is wrong with an export, and in which of its files.
package struct ExportFault: Error, Equatable, Sendable {
    /// The file's name.
    package let file: String
    /// What is wrong, without content of records.
    package let detail: String

    /// Names a fault.
    package init(_ file: String, _ detail: String) {
        self.file = file
        self.detail = detail
    }
}

/// The files of an export, in a folder or an archive.
package protocol ExportFiles {
    /// Whether files that are not part of the export may lie beside it, as in a folder.
    var mayHoldOthers: Bool { get }
    /// Their names and lengths in bytes.
    var files: [(name: String, bytes: UInt64)] { get }
    /// Begins to read a file that there is.
    ///
    /// - Throws: what keeps it from being read.
    func open(_ name: String) throws -> PieceReader
}

/// What an export proves.
package struct ExportVerdict: Sendable {
    /// What is wrong; none, and everything below holds.
    package var faults: [ExportFault] = []
    /// What the export says of itself, if it can be read.
    package var manifest: Manifest?
    /// The checkpoint that the proofs lead to.
    package var checkpoint: Checkpoint?
    /// Files beside those of the export, which nothing vouches for.
    package var strangers: [String] = []
    /// How many records were looked at.
    package var counts = ExportJob.Counts()

    /// Whether nothing is wrong.
    package var holds: Bool { faults.isEmpty && manifest != nil }

    /// What is proven, in sentences.
    package var proven: [String] {
        guard holds, let manifest, let checkpoint else { return [] }
        let range = manifest.range
        var sentences = [
            "each of the \(counts.matched) exported records is, byte for byte, one that the log "
                + "signed for in its checkpoint of \(checkpoint.size) records",
            "the data file holds these records and nothing else, in the order of the log",
            "the range from \(range.lowerBound) to \(range.upperBound) is complete: no index is "
                + "missing or occurs twice",
        ]
        if manifest.request.isAccounted {
            sentences.append(
                "no record of the range that matches was left out: \(counts.notMatched) were "
                    + "withheld, each with a field that fails the filter"
            )
        } else if counts.notMatched == 0 {
            sentences.append("no record of the range was left out")
        }
        return sentences
    }

    /// What is not proven, in sentences.
    package var unproven: [String] {
        guard holds, let manifest else { return [] }
        var sentences: [String] = []
        if !manifest.request.isAccounted, counts.notMatched > 0 {
            sentences.append(
                "that none of the \(counts.notMatched) records left out matches the filter: only "
                    + "their hashes are shown"
            )
        }
        if !manifest.narrowing.isEmpty {
            sentences.append("anything about records that the one who asked may not see")
        }
        if manifest.range.upperBound < manifest.size || manifest.range.lowerBound > 0 {
            sentences.append("anything about records outside the range")
        }
        sentences.append("who asked for it, and when: the manifest says so, unsigned")
        sentences.append(
            "that the tenant is called \(manifest.tenant): the log signs its origin alone"
        )
        if manifest.range.lowerBound > 0 || counts.notMatched > 0 {
            sentences.append("`previous_hash` and `hash` of records behind ones that are not shown")
        }
        sentences.append("what the log recorded after its \(manifest.size) records")
        return sentences
    }
}

/// Checks exports with a key that the caller trusts; needs no network and no store.
package struct ExportVerifier {
    private let policy: TrustPolicy
    private let origin: String?
    private let tools: any ExportTools

    /// Trusts one log key; `origin` is the ledger's, where the key has another name.
    package init(key: NoteVerifierKey, origin: String? = nil, tools: any ExportTools) {
        policy = TrustPolicy(logKeys: [key], witnesses: [], quorum: 0)
        self.origin = origin ?? key.name
        self.tools = tools
    }

    /// Checks everything that can be checked, and says what that proves.
    ///
    /// `progress` is told how many indexes were looked at, and of how many.
    package func verify(
        _ files: any ExportFiles,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) async -> ExportVerdict {
        var verdict = ExportVerdict()
        do {
            try await check(files, &verdict, progress)
        } catch let fault as ExportFault {
            verdict.faults.append(fault)
        } catch {
            verdict.faults.append(ExportFault("", "the export cannot be read: \(error)"))
        }
        return verdict
    }

    private func check(
        _ files: any ExportFiles,
        _ verdict: inout ExportVerdict,
        _ progress: (UInt64, UInt64) -> Void
    ) async throws {
        let manifest = try readManifest(files)
        verdict.manifest = manifest
        let (data, evidence) = try names(of: manifest)
        verdict.strangers = files.files.map(\.name).filter { name in
            name != Manifest.name && !manifest.files.contains { $0.name == name }
        }
        let manifests = files.files.count { $0.name == Manifest.name }
        if manifests > 1 || !files.mayHoldOthers && !verdict.strangers.isEmpty {
            let name = verdict.strangers.first ?? Manifest.name
            throw ExportFault(name, "is not part of an export, or occurs more than once")
        }
        // Every file is told by name, before anything is concluded from what is in it.
        let large: Set = [data, evidence]
        for file in manifest.files {
            let found = files.files.filter { $0.name == file.name }
            guard found.count == 1 else {
                let detail = found.isEmpty ? "is missing" : "occurs more than once"
                verdict.faults.append(ExportFault(file.name, detail))
                continue
            }
            guard found[0].bytes == file.bytes else {
                verdict.faults.append(
                    ExportFault(
                        file.name,
                        "has \(found[0].bytes) bytes, and \(file.bytes) in the manifest"
                    )
                )
                continue
            }
            guard !large.contains(file.name) else { continue }
            if try digest(files.open(file.name)) != file.sha256 {
                verdict.faults.append(ExportFault(file.name, "is not the one of the manifest"))
            }
        }
        let missing = verdict.faults.contains { large.contains($0.file) }
        let checkpoint = try readCheckpoint(files, manifest)
        if verdict.faults.isEmpty { try checkFacts(files, manifest) }
        verdict.checkpoint = checkpoint
        guard !missing else { return }
        try await checkRecords(files, (data, evidence), checkpoint, &verdict, progress)
    }

    private func names(of manifest: Manifest) throws -> (data: String, evidence: String) {
        let (data, evidence) = (manifest.request.dataName, manifest.request.evidenceName)
        let names = manifest.files.map(\.name)
        let wanted: Set = [
            data, evidence, Manifest.checkpointName, Manifest.proofName, Manifest.readmeName,
        ]
        guard Set(names) == wanted, names.count == wanted.count else {
            throw ExportFault(Manifest.name, "`files` are not those of such an export")
        }
        return (data, evidence)
    }

    /// Compares the range with what the filter asks for, and the words for people with ours.
    private func checkFacts(_ files: any ExportFiles, _ manifest: Manifest) throws {
        guard let query = try? manifest.request.query() else {
            throw ExportFault(Manifest.name, "`filter` cannot be read")
        }
        guard manifest.range == query.range(of: manifest.size) else {
            throw ExportFault(Manifest.name, "`range` is not the one that the filter asks for")
        }
        let words = Manifest.readme(of: manifest.request)
        guard try all(files, Manifest.readmeName) == Array(words.utf8) else {
            throw ExportFault(Manifest.readmeName, "has other words than such an export has")
        }
    }

    // MARK: Small files

    private func readManifest(_ files: any ExportFiles) throws -> Manifest {
        let bytes = try all(files, Manifest.name)
        do throws(StoreError) {
            return try Manifest(parsing: bytes)
        } catch {
            throw ExportFault(Manifest.name, "\(error)")
        }
    }

    private func readCheckpoint(
        _ files: any ExportFiles,
        _ manifest: Manifest
    ) throws -> Checkpoint {
        let name = Manifest.checkpointName
        let note: SignedNote
        do {
            note = try SignedNote(parsing: try all(files, name))
        } catch let error as MalformedNote {
            throw ExportFault(name, "is no signed note: \(error)")
        }
        let checkpoint: Checkpoint
        do {
            checkpoint = try policy.judge(note, origin: origin)
        } catch {
            throw ExportFault(name, "cannot be trusted: \(error)")
        }
        guard checkpoint.origin == manifest.origin, checkpoint.size == manifest.size else {
            throw ExportFault(Manifest.name, "`range` is not of the signed checkpoint")
        }
        return checkpoint
    }

    private func all(_ files: any ExportFiles, _ name: String) throws -> [UInt8] {
        guard files.files.contains(where: { $0.name == name }) else {
            throw ExportFault(name, "is missing")
        }
        let read = try files.open(name)
        var bytes: [UInt8] = []
        while let piece = try read() {
            bytes += piece
            guard bytes.count <= 1 << 20 else { throw ExportFault(name, "is too long") }
        }
        return bytes
    }

    private func digest(_ read: PieceReader) throws -> Digest {
        var hash = DigestStream()
        while let piece = try read() { hash.add(piece) }
        return hash.digest
    }

    // MARK: Records

    private func checkRecords(
        _ files: any ExportFiles,
        _ names: (data: String, evidence: String),
        _ checkpoint: Checkpoint,
        _ verdict: inout ExportVerdict,
        _ progress: (UInt64, UInt64) -> Void
    ) async throws {
        guard let manifest = verdict.manifest else { return }
        guard let edges = RangeEdges(document: try all(files, Manifest.proofName)),
            edges.range == manifest.range, edges.size == manifest.size
        else { throw ExportFault(Manifest.proofName, "is not the proof of the manifest's range") }
        let encoder: any RecordEncoder
        do {
            encoder = try tools.encoder(for: manifest.request)
        } catch {
            throw ExportFault(Manifest.name, "`request` has columns that are not known here")
        }
        let evidence = HashedFile(try files.open(names.evidence))
        let data = HashedFile(try files.open(names.data))
        let check = try EvidenceCheck(
            manifest,
            edges: edges,
            lines: ByteLines(names.evidence, try plain(evidence, names.evidence, manifest)),
            encoder: encoder
        )
        let comparison = DataComparison(
            names.data,
            try plain(data, names.data, manifest),
            check: check
        )
        do {
            if manifest.request.format == .xlsx {
                try await comparison.compareWorkbook(of: manifest, tools: tools)
            } else {
                try await comparison.compare { progress($0, UInt64(manifest.range.count)) }
            }
        } catch let fault as ExportFault {
            verdict.faults.append(fault)
        }
        verdict.counts = comparison.check.counts
        // A file that is not the manifest's is told by its name, whatever else it led to.
        for (name, file) in [(names.evidence, evidence), (names.data, data)] {
            let digest = try file.digest()
            if manifest.files.first(where: { $0.name == name })?.sha256 != digest {
                verdict.faults.insert(
                    ExportFault(name, "is not the one of the manifest"),
                    at: 0
                )
            }
        }
        guard verdict.faults.isEmpty else { return }
        conclude(comparison.check, edges, checkpoint, &verdict)
    }

    private func conclude(
        _ check: EvidenceCheck,
        _ edges: RangeEdges,
        _ checkpoint: Checkpoint,
        _ verdict: inout ExportVerdict
    ) {
        var frontier = check.frontier
        guard frontier.append(edges.range.upperBound..<edges.size, hashes: edges.right) else {
            verdict.faults.append(
                ExportFault(Manifest.proofName, "`right` is not the edge of the range")
            )
            return
        }
        guard frontier.root == checkpoint.root else {
            verdict.faults.append(
                ExportFault(
                    Manifest.checkpointName,
                    "the records and the proof do not lead to its root"
                )
            )
            return
        }
        if check.counts != verdict.manifest?.counts {
            verdict.faults.append(ExportFault(Manifest.name, "`counts` are not those found"))
        }
    }

    private func plain(
        _ file: HashedFile,
        _ name: String,
        _ manifest: Manifest
    ) throws -> PieceReader {
        let compression = manifest.request.compression
        guard compression != .none else { return { try file.read() } }
        let decompressor = tools.decompressor(of: compression)
        let rest = Mutex<ArraySlice<UInt8>>([])
        return {
            while true {
                let input = rest.withLock { $0 }
                let step: (output: [UInt8], consumed: Int)
                do throws(StoreError) {
                    step = try decompressor.next(input)
                } catch {
                    throw ExportFault(name, "cannot be decompressed")
                }
                rest.withLock { $0 = input.dropFirst(step.consumed) }
                if !step.output.isEmpty { return step.output[...] }
                guard input.count == step.consumed else { continue }
                guard let piece = try file.read() else {
                    guard decompressor.isComplete else { throw ExportFault(name, "is cut off") }
                    return nil
                }
                rest.withLock { $0 = piece }
            }
        }
    }
}

/// A file that is hashed while it is read.
private final class HashedFile: Sendable {
    private let source: PieceReader
    private let hash = Mutex(DigestStream())

    init(_ source: @escaping PieceReader) {
        self.source = source
    }

    func read() throws -> ArraySlice<UInt8>? {
        guard let piece = try source() else { return nil }
        hash.withLock { $0.add(piece) }
        return piece
    }

    /// The hash of the whole file, of which the rest is read for it.
    func digest() throws -> Digest {
        while try read() != nil {}
        return hash.withLock { $0.digest }
    }
}
