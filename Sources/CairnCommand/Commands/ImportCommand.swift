// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnAPI
import Synchronization

extension ImportFormat: ExpressibleByArgument {}

/// Records the events of files.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Record the events of files.",
        discussion: """
            Reads the files in their order, a part at a time; '-' is standard input, and a name \
            that ends in .gz is read as gzip. Prints how many events are accepted, how many were \
            known already, and each that was rejected with its place and the reason. An event \
            that has an id, as every CloudTrail record gets, is recorded once however often it is \
            imported. Ids of CloudTrail records derive from a key: with --data from the store's \
            signing key, with --server from the ledger's origin, so keep to one of the two.
            Exits with 0 if every event is recorded; 2 if any was rejected or a file cannot be \
            read; 3 if the server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Option(help: "What the files hold: ndjson or cloudtrail.")
    var format = ImportFormat.ndjson
    @Flag(help: "Print rejections and counts as JSON, one object a line.") var json = false
    @Argument(help: "The files.", completion: .file()) var files: [String]

    func run() async throws {
        let report = ImportReport(isJSON: json)
        do {
            try await ledger.withLedger(creatingStore: true) { access in
                try await record(in: access, report)
            }
        } catch {
            // What was recorded before stays recorded, so it is told.
            report.finish()
            throw error
        }
        report.finish()
        if report.hasFailed { throw ExitCode(ExitStatus.unavailable.rawValue) }
        if report.hasRejected { throw ExitCode(ExitStatus.badInput.rawValue) }
    }

    private func record(in access: any LedgerAccess, _ report: ImportReport) async throws {
        let mapping =
            format == .cloudtrail
            ? CloudTrailMapping(importKey: try await access.importKey()) : nil
        let source = ImportSource(files: files, format: format, mapping: mapping) {
            report.reject($0)
        }
        try await access.append(source) { result in
            guard let place = await source.answer() else {
                throw CommandFailure.unavailable("the server answers more than it was asked")
            }
            report.count(result, of: place)
        }
        let open = await source.openCount
        guard open == 0 else {
            throw CommandFailure.unavailable("the server did not answer \(open) events")
        }
    }
}

/// Counts what became of the events of an import, and tells rejections as they come.
private final class ImportReport: Sendable {
    private struct Counts {
        var accepted: UInt64 = 0
        var known: UInt64 = 0
        var rejected: UInt64 = 0
        var failed: UInt64 = 0

        var all: UInt64 { accepted + known + rejected + failed }
    }

    private let isJSON: Bool
    private let counts = Mutex(Counts())
    private let bar = ProgressBar("events")

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    var hasRejected: Bool { counts.withLock { $0.rejected > 0 } }
    var hasFailed: Bool { counts.withLock { $0.failed > 0 } }

    func count(_ result: AppendResult, of place: ImportPlace) {
        guard let problem = result.problem else {
            let all = counts.withLock { counts in
                if result.status == 200 { counts.known += 1 } else { counts.accepted += 1 }
                return counts.all
            }
            bar.update(all, of: nil)
            return
        }
        reject(ImportRejection(place: place, status: result.status, reason: problem.sentence))
    }

    func reject(_ rejection: ImportRejection) {
        counts.withLock { counts in
            if rejection.status >= 500 { counts.failed += 1 } else { counts.rejected += 1 }
        }
        bar.finish()
        guard isJSON else {
            Terminal.complain("\(rejection.place): \(Terminal.shown(rejection.reason))")
            return
        }
        let line: JSONValue = [
            "file": .string(rejection.place.file),
            "\(rejection.place.unit)": .number(JSONNumber(rejection.place.number)),
            "status": .number(JSONNumber(rejection.status)),
            "reason": .string(rejection.reason),
        ]
        Terminal.write(line.line)
    }

    func finish() {
        bar.finish()
        let counts = counts.withLock { $0 }
        guard isJSON else {
            Terminal.write(
                "accepted \(counts.accepted), known already \(counts.known), "
                    + "rejected \(counts.rejected)"
                    + (counts.failed > 0 ? ", failed \(counts.failed)" : "")
            )
            return
        }
        let line: JSONValue = [
            "accepted": .number(JSONNumber(counts.accepted)),
            "known": .number(JSONNumber(counts.known)),
            "rejected": .number(JSONNumber(counts.rejected)),
            "failed": .number(JSONNumber(counts.failed)),
        ]
        Terminal.write(line.line)
    }
}
