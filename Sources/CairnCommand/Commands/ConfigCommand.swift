// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn

/// Prints the settings that would hold.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print the settings that would hold, or the documentation of settings.",
        discussion: """
            Takes the options of `cairn serve`, and reads the same environment and file. Exits \
            with 0; 2 if a setting is not allowed, naming it.
            """
    )

    @OptionGroup var settings: SettingOptions
    @Flag(help: "Print docs/configuration.md instead.") var markdown = false
    @Flag(help: "Print docs/commands.md instead.") var commands = false
    @Flag(help: "Print the settings as JSON.") var json = false

    func run() async throws {
        if markdown {
            Terminal.write(bytes: Array(Setting.markdown.utf8))
            return
        }
        if commands {
            Terminal.write(bytes: Array(CommandPage.markdown.utf8))
            return
        }
        let effective = try await Settings(options: settings)
        guard !json else {
            var object = JSONObject()
            var sources = JSONObject()
            for (setting, value, source) in effective.values {
                object[setting.key] = value.map { Self.json($0, setting.kind) }
                sources[setting.key] = .string(source.description)
            }
            if effective.secretIssuer != nil { object["JWT_SECRET"] = "set" }
            object["sources"] = .object(sources)
            Terminal.write(JSONValue.object(object).line)
            return
        }
        var table = Table(["setting", "value", "from"])
        for (setting, value, source) in effective.values {
            table.append([setting.key, value ?? "-", source.description])
        }
        if effective.secretIssuer != nil {
            table.append(["JWT_SECRET", "set", "JWT_SECRET, an alias"])
        }
        Terminal.write(table.rendered(columns: 400))
    }

    private static func json(_ value: String, _ kind: Setting.Kind) -> JSONValue {
        switch kind {
        case .flag: .bool(value == "true")
        case .integer: JSONNumber(parsing: value).map { .number($0) } ?? .string(value)
        case .text, .path, .word: .string(value)
        }
    }
}
