// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnAPI
import Foundation

/// Writes records to a file.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write records to a file, as JSON lines or CSV.",
        discussion: """
            Writes all records that match all filters, in order of their index, as the ledger is \
            now. In CSV, a cell that a spreadsheet may run as a formula gets an apostrophe in \
            front, unless --formulas is raw. A file is there under its name only when it is \
            complete. Exits with 0 then; 2 if a filter is wrong or the file cannot be written; 3 if \
            the server or store cannot be reached.
            """
    )

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup(title: "Filters") var filters: QueryOptions

    @Option(help: "ndjson or csv. Default: ndjson.") var format: String?
    @Option(
        help: ArgumentHelp(
            "The columns of a CSV file: "
                + ExportColumns.allCases.map(\.rawValue).joined(separator: ", ")
                + ". Default: complete/1.",
            valueName: "set"
        )
    )
    var columns: String?
    @Option(help: "neutralised or raw, in a CSV file. Default: neutralised.") var formulas: String?
    @Flag(help: "Begin a CSV file with a byte order mark, as some spreadsheets want.") var bom =
        false
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to write. Default: standard output.", valueName: "file")
    )
    var output: String?

    func validate() throws {
        do throws(ExportShape.Invalid) {
            _ = try ExportShape(value)
        } catch {
            throw ValidationError("--\(error.name): \(error.message)")
        }
    }

    private func value(_ name: String) -> String? {
        switch name {
        case "format": format
        case "columns": columns
        case "formulas": formulas
        case "bom": bom ? "true" : nil
        default: nil
        }
    }

    func run() async throws {
        let parameters = try filters.parameters()
        guard !parameters.contains(where: { ["sort", "order"].contains($0.name) }) else {
            throw CommandFailure.badInput(
                "an export is in order of the index: no --sort, no --order"
            )
        }
        let sink = try ExportSink(output)
        do {
            try await ledger.withLedger { access in
                try await access.export(parameters, value) { try sink.write($0) }
            }
            try sink.finish()
        } catch {
            sink.abandon()
            throw error
        }
    }
}

/// Where exported bytes go: standard output, or a file that has its name only once it is complete.
private final class ExportSink: Sendable {
    private let path: String?
    private let partial: String
    private let handle: FileHandle

    init(_ path: String?) throws(CommandFailure) {
        self.path = path
        partial = path.map { "\($0).partial" } ?? ""
        guard path != nil else {
            handle = .standardOutput
            return
        }
        let isMade = FileManager.default.createFile(
            atPath: partial,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade, let handle = FileHandle(forWritingAtPath: partial) else {
            throw .badInput("\(partial) cannot be written")
        }
        self.handle = handle
    }

    func write(_ bytes: [UInt8]) throws {
        do {
            try handle.write(contentsOf: bytes)
        } catch {
            throw CommandFailure.badInput(
                "the file cannot be written: \(error.localizedDescription)"
            )
        }
    }

    /// Gives the file its name, once it is on the disk.
    func finish() throws {
        guard let path else { return }
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw CommandFailure.badInput(
                "the file cannot be written: \(error.localizedDescription)"
            )
        }
        guard rename(partial, path) == 0 else {
            throw CommandFailure.badInput("\(path) cannot be written")
        }
    }

    /// Leaves nothing behind of an export that was not completed.
    func abandon() {
        guard path != nil else { return }
        try? handle.close()
        try? FileManager.default.removeItem(atPath: partial)
    }
}
