// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnServer

extension Setting {
    static let headSeconds = Setting(
        key: "limits.head-seconds",
        kind: .integer(1...3600),
        defaultText: "10",
        meaning: "How long the head of a request may take to come, in seconds."
    )
    static let bodySeconds = Setting(
        key: "limits.body-seconds",
        kind: .integer(1...86_400),
        defaultText: "60",
        meaning: "How long a body may take to come that is no stream of events, in seconds."
    )
    static let idleSeconds = Setting(
        key: "limits.idle-seconds",
        kind: .integer(1...3600),
        defaultText: "120",
        meaning: "How long a client may send nothing, or take nothing of its answer, in seconds."
    )

    /// The settings of connections, in the order of the documentation.
    static let edge = [headSeconds, bodySeconds, idleSeconds]
}

/// The settings of connections as options of a command.
struct EdgeOptions: ParsableArguments {
    @Option(name: Setting.headSeconds.name, help: Setting.headSeconds.help)
    var headSeconds: String?
    @Option(name: Setting.bodySeconds.name, help: Setting.bodySeconds.help)
    var bodySeconds: String?
    @Option(name: Setting.idleSeconds.name, help: Setting.idleSeconds.help)
    var idleSeconds: String?

    /// What was given, in the order of ``Setting/edge``.
    var given: [String?] { [headSeconds, bodySeconds, idleSeconds] }
}

/// How the server takes connections, read and checked.
struct EdgeSettings: Sendable {
    let pace: ConnectionLimits

    init(_ reader: SettingReader) async throws(InvalidSetting) {
        var pace = ConnectionLimits()
        pace.headSeconds = try await reader.integer(.headSeconds)
        pace.bodySeconds = try await reader.integer(.bodySeconds)
        pace.idleSeconds = try await reader.integer(.idleSeconds)
        self.pace = pace
    }

    /// Puts what was read in place.
    func apply(to configuration: inout ServerConfiguration) {
        configuration.pace = pace
    }
}
