// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

extension ImportFormat: ExpressibleByArgument {}

/// Records the events of files.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Record the events of files.",
        discussion: """
            Reads the files in their order, a part at a time; '-' is standard input, and a name \
            that ends in .gz is read as gzip. Prints how many events are accepted, how many were \
            known already, how many entries were skipped and why, and each that was rejected with \
            its place and the reason.

            \(ImportFormat.list)

            An event that has an id is recorded once however often it is imported, and entries of \
            all formats but ndjson get one: from their own id, or from all they say. These ids \
            derive from a key: with --data from the store's signing key, with --server from the \
            ledger's origin, so keep to one of the two.

            Exits with 0 if every event is recorded; 2 if any was rejected or a file cannot be \
            read; 3 if the server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Option(help: "What the files hold.") var format = ImportFormat.ndjson
    @Option(
        help: ArgumentHelp(
            "Where the files are from, so that two places may have entries of the same id.",
            valueName: "name"
        )
    )
    var source = ""
    @Flag(help: "With kubernetes: record also the stages before the end of a request.")
    var allStages = false
    @Flag(help: "Print rejections and counts as JSON, one object a line.") var json = false
    @Argument(help: "The files.", completion: .file()) var files: [String]

    func validate() throws {
        guard source.isEmpty || (format != .ndjson && format != .cloudtrail) else {
            throw ValidationError("--source has no meaning with the format \(format.rawValue).")
        }
        guard !allStages || format == .kubernetes else {
            throw ValidationError("--all-stages has a meaning with the format kubernetes only.")
        }
    }

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
        if report.isIncomplete { throw ExitCode(ExitStatus.badInput.rawValue) }
    }

    private func record(in access: any LedgerAccess, _ report: ImportReport) async throws {
        let plan = ImportPlan(
            format: format,
            importKey: format == .ndjson ? [] : try await access.importKey(),
            place: source,
            allStages: allStages
        )
        let source = ImportSource(files: files, plan: plan) { report.note($0) }
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
