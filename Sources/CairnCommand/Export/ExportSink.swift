// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Where exported bytes go: standard output, or a file that has its name only once it is complete.
final class ExportSink: Sendable {
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
