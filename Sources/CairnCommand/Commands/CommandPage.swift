// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The page `docs/commands.md`: what every command says of itself.
enum CommandPage {
    /// The width of the help texts on the page.
    private static let columns = 96

    /// The page.
    static var markdown: String {
        var page = """
            <!-- Made by `cairn config --commands`; a test compares. -->
            # Commands

            One binary, `cairn`. Where a command needs a ledger, it finds it at a server
            (`--server`, with `--api-key`) or in a store on disk that no server runs on (`--data`).
            `--json` on any command that prints makes its output one JSON object, or one a line.

            | exit code | meaning |
            | --- | --- |
            | 0 | good, or holds |
            | 1 | does not hold |
            | 2 | the command line, a setting or the input is wrong; also an import with a rejected line |
            | 3 | the server or the store cannot be reached, or is in use |

            """
        append(CairnTool.self, under: [], to: &page)
        return page
    }

    private static func append(
        _ command: any ParsableCommand.Type,
        under parents: [String],
        to page: inout String
    ) {
        let configuration = command.configuration
        let names = parents + [configuration.commandName ?? "\(command)".lowercased()]
        page += "\n## `\(names.joined(separator: " "))`\n\n```text\n"
        let help = CairnTool.helpMessage(for: command, columns: columns)
        page +=
            help.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                var line = line
                while line.last == " " { line.removeLast() }
                return String(line)
            }.joined(separator: "\n").trimmingTrailingLineBreaks
        page += "\n```\n"
        for subcommand in configuration.subcommands {
            append(subcommand, under: names, to: &page)
        }
    }
}

extension String {
    /// The text without line breaks at its end.
    fileprivate var trimmingTrailingLineBreaks: String {
        var text = self
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
