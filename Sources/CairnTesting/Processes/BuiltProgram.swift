// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Programs of this package, as they were built with the tests.
package enum BuiltProgram {
    /// Starts one with nothing of the environment of the tests; its outputs go to files.
    package static func start(
        _ name: String,
        _ arguments: [String],
        output: String = "/dev/null",
        error: String = "/dev/null"
    ) throws -> ChildProcess {
        var setting = ChildProcess.Setting(
            try path(name),
            arguments,
            environment: [
                "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
                "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
            ]
        )
        (setting.output, setting.error) = (output, error)
        return try ChildProcess(setting)
    }

    /// Where a program is: beside the tests.
    package static func path(_ name: String) throws -> String {
        let folders = [CommandLine.arguments[0], "/proc/self/exe"].map {
            URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent()
        }
        var package = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { package.deleteLastPathComponent() }
        let candidates = (folders + [package.appendingPathComponent(".build/debug")])
            .map { $0.appendingPathComponent(name).path }
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return found
    }
}
