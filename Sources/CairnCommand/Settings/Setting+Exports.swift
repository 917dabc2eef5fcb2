// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger

extension Setting {
    static let exportWorker = Setting(
        key: "exports.worker",
        kind: .flag,
        defaultText: "true",
        meaning: "Make exports beside the server. Set it to false where `cairn worker` does."
    )
    static let exportsAtOnce = Setting(
        key: "exports.at-once",
        kind: .integer(1...100),
        defaultText: "2",
        meaning: "How many exports of one tenant run at once."
    )
    static let exportsWaiting = Setting(
        key: "exports.waiting",
        kind: .integer(1...10_000),
        defaultText: "20",
        meaning: "How many exports of one tenant may wait or run."
    )
    static let exportsTogether = Setting(
        key: "exports.together",
        kind: .integer(1...64),
        defaultText: "3",
        meaning: "How many exports a worker makes at once, whoever's they are."
    )
    static let exportGigabytes = Setting(
        key: "exports.keep-gigabytes",
        kind: .integer(1...1_000_000),
        defaultText: "100",
        meaning:
            "How many GiB the files of one tenant's exports may have before one more is refused."
    )
    static let exportDays = Setting(
        key: "exports.keep-days",
        kind: .integer(1...3650),
        defaultText: "7",
        meaning: "How long the file of an export can be downloaded, in days."
    )
    static let exportLinkSeconds = Setting(
        key: "exports.link-seconds",
        kind: .integer(1...604_800),
        defaultText: "86400",
        meaning: "How long a link to an export is good, in seconds."
    )

    /// The settings of exports, in the order of the documentation.
    static let exports = [
        exportWorker, exportsAtOnce, exportsWaiting, exportsTogether, exportGigabytes, exportDays,
        exportLinkSeconds,
    ]
}

/// The settings of exports as options of a command.
struct ExportOptions: ParsableArguments {
    @Option(name: Setting.exportWorker.name, help: Setting.exportWorker.help)
    var worker: String?
    @Option(name: Setting.exportsAtOnce.name, help: Setting.exportsAtOnce.help)
    var atOnce: String?
    @Option(name: Setting.exportsWaiting.name, help: Setting.exportsWaiting.help)
    var waiting: String?
    @Option(name: Setting.exportsTogether.name, help: Setting.exportsTogether.help)
    var together: String?
    @Option(name: Setting.exportGigabytes.name, help: Setting.exportGigabytes.help)
    var gigabytes: String?
    @Option(name: Setting.exportDays.name, help: Setting.exportDays.help)
    var days: String?
    @Option(name: Setting.exportLinkSeconds.name, help: Setting.exportLinkSeconds.help)
    var linkSeconds: String?

    /// What was given, in the order of ``Setting/exports``.
    var given: [String?] { [worker, atOnce, waiting, together, gigabytes, days, linkSeconds] }
}

/// How exports are made, read and checked.
struct ExportSettings: Sendable {
    /// Whether the server makes them itself.
    var isWorker = true
    var limits = Exports.Limits()
    var linkDuration = Duration.seconds(86_400)

    /// What holds unless somebody says otherwise.
    init() {}

    init(_ reader: SettingReader) async throws(InvalidSetting) {
        isWorker = try await reader.flag(.exportWorker)
        limits.atOnce = try await reader.integer(.exportsAtOnce)
        limits.unfinished = try await reader.integer(.exportsWaiting)
        limits.together = try await reader.integer(.exportsTogether)
        limits.keptBytes = UInt64(try await reader.integer(.exportGigabytes)) << 30
        limits.keep = .seconds(86_400 * (try await reader.integer(.exportDays)))
        linkDuration = .seconds(try await reader.integer(.exportLinkSeconds))
    }
}
