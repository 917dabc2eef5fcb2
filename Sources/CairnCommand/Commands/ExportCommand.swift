// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnAPI
import CairnLedger

/// Writes records to a file, or makes a package that proves itself.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write records to a file, or make a package that proves itself.",
        subcommands: [Run.self, List.self, Show.self, Cancel.self],
        defaultSubcommand: Run.self
    )

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Export what matches all filters. The default.",
            discussion: """
                Exports all records that match all filters, in order of their index, as the \
                ledger is now.
                With -o FILE.zip, makes a package: the data, the evidence for each record, the \
                signed checkpoint and a manifest; `cairn verify FILE.zip --key KEY` checks it \
                anywhere. When it is broken off, the same command goes on where it was.
                Otherwise writes the data alone, as JSON lines or CSV. In CSV, a cell that a \
                spreadsheet may run as a formula gets an apostrophe in front, unless --formulas \
                is raw. A file is there under its name only when it is complete. Exits with 0 \
                then; 2 if a filter is wrong or the file cannot be written; 3 if the server or \
                store cannot be reached, or an export failed.
                """
        )

        @OptionGroup var ledger: LedgerOptions
        @OptionGroup(title: "Filters") var filters: QueryOptions

        @Option(help: "ndjson or csv; in a package also json or xlsx. Default: ndjson.")
        var format: String?
        @Option(
            help: ArgumentHelp(
                "The columns of a table: "
                    + ExportColumns.allCases.map(\.rawValue).joined(separator: ", ")
                    + ". Default: complete/1.",
                valueName: "set"
            )
        )
        var columns: String?
        @Option(help: "neutralised or raw, in a CSV file. Default: neutralised.")
        var formulas: String?
        @Flag(help: "Begin a CSV file with a byte order mark, as some spreadsheets want.")
        var bom = false
        @Option(help: "none, gzip or zstd, of the files in a package. Default: none.")
        var compression: String?
        @Flag(help: "Account in a package for every record that is left out.")
        var accounted = false
        @Option(help: "What a package is called. Default: export.") var name: String?
        @Option(
            name: .shortAndLong,
            help: ArgumentHelp("Where to write. Default: standard output.", valueName: "file")
        )
        var output: String?

        private var isPackage: Bool { output?.lowercased().hasSuffix(".zip") ?? false }

        func validate() throws {
            if isPackage {
                do throws(RecordQuery.Malformed) {
                    _ = try ExportRequest(members)
                } catch {
                    throw ValidationError("--\(error.member): \(error.rule)")
                }
                return
            }
            guard compression == nil, !accounted, name == nil else {
                throw ValidationError(
                    "--compression, --accounted and --name are of packages: -o FILE.zip"
                )
            }
            guard format != "json", format != "xlsx" else {
                throw ValidationError("--format \(format ?? "") is of packages: -o FILE.zip")
            }
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

        /// The request for a package, without its filter.
        private var members: JSONObject {
            var members = JSONObject()
            let texts = [
                ("name", name), ("format", format), ("columns", columns),
                ("formulas", formulas), ("compression", compression),
            ]
            for (name, text) in texts { members[name] = text.map { .string($0) } }
            if bom { members["bom"] = true }
            if accounted { members["accounted"] = true }
            return members
        }

        func run() async throws {
            let parameters = try filters.parameters()
            guard !parameters.contains(where: { ["sort", "order"].contains($0.name) }) else {
                throw CommandFailure.badInput(
                    "an export is in order of the index: no --sort, no --order"
                )
            }
            if isPackage, let output {
                var request = members
                request["filter"] = .object(try parameters.filter)
                try await ledger.withLedger { access in
                    try await PackageExport(request, to: output).run(access)
                }
                return
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

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List exports, the newest first.",
            discussion: "Exits with 0; 3 if the server or store cannot be reached."
        )

        @OptionGroup var ledger: LedgerOptions
        @Flag(help: "Print a JSON object for each export, one a line.") var json = false

        func run() async throws {
            let exports = try await ledger.withLedger { try await $0.exports() }
            guard !json else {
                for export in exports { Terminal.write(export.line) }
                return
            }
            var table = Table(["ID", "STATE", "FORMAT", "RECORDS", "CREATED", "NAME"])
            for export in exports {
                let texts = ["id", "state", "format", "created_at", "name"].map { name in
                    export[name]?.string ?? ""
                }
                let records = export["progress"]?["records"]?.integer ?? 0
                table.append(Array(texts.prefix(3)) + ["\(records)"] + Array(texts.suffix(2)))
            }
            Terminal.write(table.rendered(columns: Terminal.columns))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an export, as JSON.",
            discussion: """
                Exits with 0; 2 if there is no such export; 3 if the server or store cannot be \
                reached.
                """
        )

        @OptionGroup var ledger: LedgerOptions
        @Argument(help: "The export's id.") var id: String

        func run() async throws {
            let export = try await ledger.withLedger { try await $0.export(id) }
            Terminal.write(export.line)
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call an export off, or take the file of a finished one away.",
            discussion: """
                Exits with 0; 2 if there is no such export; 3 if the server or store cannot be \
                reached.
                """
        )

        @OptionGroup var ledger: LedgerOptions
        @Argument(help: "The export's id.") var id: String

        func run() async throws {
            let export = try await ledger.withLedger { try await $0.cancelExport(id) }
            Terminal.write(export.line)
        }
    }
}

extension [QueryParameter] {
    /// The parameters as the filter of an export.
    fileprivate var filter: JSONObject {
        get throws {
            var filter = JSONObject()
            for parameter in self {
                switch parameter.name {
                case "q", "from", "to", "received_from", "received_to":
                    filter[parameter.name] = .string(parameter.value)
                case "index_from", "index_to":
                    guard let number = UInt64(parameter.value), number < 1 << 53 else {
                        throw CommandFailure.badInput(
                            "\(parameter.name): must be a whole number below 2^53"
                        )
                    }
                    filter[parameter.name] = .number(JSONNumber(number))
                default:
                    let before = filter[parameter.name]?.array ?? []
                    filter[parameter.name] = .array(before + [.string(parameter.value)])
                }
            }
            return filter
        }
    }
}
