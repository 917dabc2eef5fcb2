// SPDX-License-Identifier: Apache-2.0

import CairnTesting
import Foundation

/// The project's folder and the files in it, as git or a walk knows them.
enum Repository {
    /// The folder that holds `Package.swift`.
    static let root: URL = {
        // A package may reach this file through a link.
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder
    }()

    /// The paths of all files that are, or would be, committed; sorted, relative to the root.
    static let files: [String] = {
        let tracked = try? Tool.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            in: root
        )
        let listed =
            tracked.flatMap { $0.status == 0 ? $0.output : nil }?
            .split(separator: "\n").map(String.init) ?? walked
        return listed.filter { FileManager.default.fileExists(atPath: path($0)) }.sorted()
    }()

    /// What a walk finds when there is no git: everything but what is built or hidden.
    private static var walked: [String] {
        var found: [String] = []
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        for case let path as String in walk {
            let name = path.split(separator: "/").last ?? ""
            if name.hasPrefix(".build") || [".git", ".swiftpm", "cairn-data"].contains(name) {
                walk.skipDescendants()
            } else if walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                found.append(path)
            }
        }
        return found
    }

    /// The files of a kind under a folder.
    static func files(under folder: String = "", endingIn suffix: String) -> [String] {
        files.filter { $0.hasPrefix(folder) && $0.hasSuffix(suffix) }
    }

    /// The Swift files of the modules, benchmarks and tests.
    static let swiftFiles =
        files(endingIn: ".swift").filter { $0 != "Package.swift" }

    /// The text of a file.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: self.path(path), encoding: .utf8)
    }

    /// Whether there is a file or folder of that path.
    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: self.path(path))
    }

    private static func path(_ path: String) -> String {
        root.appendingPathComponent(path).path
    }
}

/// Programs that tests run.
enum Tool {
    /// What a program said and how it ended.
    struct Result {
        let status: Int32
        let output: String
    }

    /// Runs a program of the search path, its output and complaints together.
    static func run(_ arguments: [String], in folder: URL) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-tool-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        var setting = ChildProcess.Setting(
            "/usr/bin/env",
            arguments,
            environment: ProcessInfo.processInfo.environment
        )
        (setting.folder, setting.output, setting.error) = (folder.path, file.path, file.path)
        let process = try ChildProcess(setting)
        return Result(
            status: process.waitUntilEnd(),
            output: String(decoding: try Data(contentsOf: file), as: UTF8.self)
        )
    }

    /// Runs a program that takes long, on a thread that may wait.
    static func runBeside(_ arguments: [String], in folder: URL) async throws -> Result {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Swift.Result { try run(arguments, in: folder) }
                )
            }
        }
        return try result.get()
    }

    /// Whether every one of these programs is on the search path.
    static func has(_ names: String...) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return names.allSatisfy { name in
            path.split(separator: ":").contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
            }
        }
    }
}
