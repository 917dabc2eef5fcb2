// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Synchronization

/// Makes a package and brings it to a file; what was broken off goes on.
///
/// Until the file is complete, `FILE.partial` has what came so far and `FILE.export` says which
/// export that is.
struct PackageExport {
    private let request: JSONObject
    private let output: String
    private var partial: String { output + ".partial" }
    private var note: String { output + ".export" }

    init(_ request: JSONObject, to output: String) {
        self.request = request
        self.output = output
    }

    func run(_ access: any LedgerAccess) async throws {
        let id = try await begun(access)
        let bar = ProgressBar("records")
        let job: JSONValue
        do {
            job = try await access.finishExport(id) { bar.update($0, of: $1) }
            bar.finish()
        } catch {
            bar.finish()
            throw error
        }
        guard job["state"]?.string == "done" else {
            try? FileManager.default.removeItem(atPath: note)
            let reason = job["detail"]?.string ?? job["state"]?.string ?? "no reason is given"
            throw CommandFailure.unavailable("the export has no file: \(reason)")
        }
        if try await !place(id, access) { try await fetch(job, access) }
        guard rename(partial, output) == 0 else {
            throw CommandFailure.badInput("\(output) cannot be written")
        }
        // Of two names of one file, neither replaces the other.
        try? FileManager.default.removeItem(atPath: partial)
        try? FileManager.default.removeItem(atPath: note)
        do {
            try await access.releaseExport(id)
        } catch {
            Terminal.complain(
                "\(output) is complete; the export \(id) could not be let go: \(error)"
            )
        }
        Terminal.complain(
            "\(output): \(job["progress"]?["records"]?.integer ?? 0) records of "
                + "\(job["range"]?["size"]?.integer ?? 0); check it with "
                + "cairn verify \(output) --key KEY"
        )
    }

    /// The export that the same command began before, or a new one.
    private func begun(_ access: any LedgerAccess) async throws -> String {
        let wanted = JSONValue.object(request).canonical
        if let kept = FileManager.default.contents(atPath: note),
            let value = try? JSONValue(parsing: Array(kept)), let id = value["id"]?.string,
            value["request"]?.canonical == wanted,
            let job = try? await access.export(id),
            ["queued", "running", "done"].contains(job["state"]?.string)
        {
            let time = job["created_at"]?.string ?? ""
            Terminal.complain("going on with export \(id) of \(time), as \(note) says")
            return id
        }
        // Nothing is asked for that could not be put anywhere.
        try? FileManager.default.removeItem(atPath: partial)
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: output, isDirectory: &isFolder)
        guard !isThere || !isFolder.boolValue else {
            throw CommandFailure.badInput("\(output) is a folder")
        }
        let isMade = FileManager.default.createFile(
            atPath: partial,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw CommandFailure.badInput("\(partial) cannot be written") }
        let job = try await access.submitExport(request)
        guard let id = job["id"]?.string else {
            throw CommandFailure.unavailable("the server's answer has no id")
        }
        let value: JSONValue = ["id": .string(id), "request": .object(request)]
        do {
            try Data(value.canonical.bytes).write(to: URL(fileURLWithPath: note), options: .atomic)
        } catch {
            _ = try? await access.cancelExport(id)
            throw CommandFailure.badInput(
                "\(note) cannot be written: \(error.localizedDescription)"
            )
        }
        return id
    }

    /// Lets the file have another name, where it is on the same disk and nothing came before.
    private func place(_ id: String, _ access: any LedgerAccess) async throws -> Bool {
        let files = FileManager.default
        let size = try? files.attributesOfItem(atPath: partial)[.size] as? Int
        guard size == nil || size == 0 else { return false }
        try? files.removeItem(atPath: partial)
        return try await access.placeExport(id, at: partial)
    }

    private func fetch(_ job: JSONValue, _ access: any LedgerAccess) async throws {
        guard let id = job["id"]?.string, let size = job["file"]?["size"]?.integer,
            let sum = job["file"]?["sha256"]?.string
        else { throw CommandFailure.unavailable("the export is without its file's facts") }
        if !FileManager.default.fileExists(atPath: partial) {
            let isMade = FileManager.default.createFile(
                atPath: partial,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
            guard isMade else { throw CommandFailure.badInput("\(partial) cannot be written") }
        }
        guard let handle = FileHandle(forUpdatingAtPath: partial) else {
            throw CommandFailure.badInput("\(partial) cannot be written")
        }
        defer { try? handle.close() }
        let have = try handle.seekToEnd()
        // What came before is read again; the rest is hashed as it comes.
        let hash = Mutex(try digest(handle))
        if have < UInt64(size) {
            try await access.downloadExport(id, from: have) { piece in
                do {
                    try handle.write(contentsOf: piece)
                    hash.withLock { $0.add(piece) }
                } catch {
                    throw CommandFailure.badInput(
                        "\(partial) cannot be written: \(error.localizedDescription)"
                    )
                }
            }
        }
        try handle.synchronize()
        guard hash.withLock({ $0.digest.hex }) == sum else {
            try? FileManager.default.removeItem(atPath: partial)
            throw CommandFailure.unavailable(
                "what came is not the export; it was thrown away, run the command again"
            )
        }
    }

    private func digest(_ handle: FileHandle) throws -> DigestStream {
        try handle.seek(toOffset: 0)
        var hash = DigestStream()
        while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
            hash.add(Array(data))
        }
        return hash
    }
}
