// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger
import Foundation

/// The binary `cairn`.
@main
struct CairnTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cairn",
        abstract: "An audit log that proves itself.",
        discussion: """
            Every command exits with 0 if all is good, 1 if what was checked does not hold, 2 if \
            the command line, a setting or the input is wrong, and 3 if the server or the store \
            cannot be reached or is in use.
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, AppendCommand.self, QueryCommand.self, ShowCommand.self,
            ImportCommand.self, ExportCommand.self, VerifyCommand.self, AuditCommand.self,
            LedgerCommand.self,
            TenantCommand.self, KeyCommand.self, ViewerCommand.self, BenchCommand.self,
            WorkerCommand.self, MigrateCommand.self, ConfigCommand.self,
        ]
    )

    /// Runs the command that the arguments name, and exits with one of ``ExitStatus``.
    static func main() async {
        // A reader that goes away ends a write with an error, not the process with a signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try await asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(error)
        }
    }

    /// Says why the command ends, where it belongs, and exits.
    private static func end(_ error: any Error) -> Never {
        let failure: CommandFailure
        switch error {
        case let error as CommandFailure: failure = error
        case let error as LedgerError: failure = CommandFailure(error)
        case let error as StoreError: failure = CommandFailure(error)
        case let error as InvalidSetting: failure = .badInput(error.description)
        case let error as ExitCode: Foundation.exit(error.rawValue)
        default:
            // What is left is the argument parser's own: help, versions, usage.
            let code = exitCode(for: error)
            guard !code.isSuccess else {
                Terminal.write(fullMessage(for: error))
                Foundation.exit(ExitStatus.good.rawValue)
            }
            Terminal.complain(fullMessage(for: error))
            Foundation.exit(ExitStatus.badInput.rawValue)
        }
        Terminal.complain("cairn: \(failure.description)")
        Foundation.exit(failure.status.rawValue)
    }
}

/// What `cairn --version` says.
enum Version {
    /// The version of the binary and of the package.
    static let text = "0.1.0"
}
