// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// What was refused for good, a line each, for somebody to look at.
///
/// They may move it away at any time, so it is opened anew for each line, and its length is what
/// the disk says.
struct RejectedFile {
    static let name = "rejected.ndjson"
    private static let lineFeed = UInt8(ascii: "\n")

    private let folder: String
    private let path: String
    /// Events that were told here and may not be settled: those must not be told again.
    private var told: Set<[UInt8]> = []

    /// Names the file of a folder; of what was told before, its last bytes are looked through.
    init(in folder: String, recent: Int) throws(DiskFailure) {
        self.folder = folder
        path = folder + "/" + RejectedFile.name
        guard DiskFolder.has(path) else { return }
        let file = try DiskFile(path, creating: false)
        let from = max(try file.size() - recent, 0)
        for line in try file.read(recent, at: from).split(separator: RejectedFile.lineFeed) {
            told.insert(RejectedFile.digest(line))
        }
    }

    /// How long it is.
    var bytes: Int { DiskFolder.size(path) }

    /// Adds a line and makes it durable, unless its event was told and not settled.
    mutating func add(_ line: [UInt8]) throws(DiskFailure) {
        let digest = RejectedFile.digest(line[...])
        guard !told.contains(digest) else { return }
        let isNew = !DiskFolder.has(path)
        let file = try DiskFile(path, creating: true)
        if isNew { try DiskFolder.synchronise(folder) }
        let size = try file.size()
        let last = try file.read(1, at: max(size - 1, 0))
        let start = last.isEmpty || last == [RejectedFile.lineFeed] ? [] : [RejectedFile.lineFeed]
        do throws(DiskFailure) {
            try file.write(start + line + [RejectedFile.lineFeed], at: size)
            try file.synchronise()
        } catch {
            // A rest that stays all the same is a line of its own.
            try? file.truncate(to: size)
            try? file.synchronise()
            throw error
        }
        told.insert(digest)
    }

    /// Takes note that the events of lines are settled: they cannot come again.
    mutating func settle(_ lines: [[UInt8]]) {
        for line in lines { told.remove(RejectedFile.digest(line[...])) }
    }

    /// What tells a line's event from others, whatever it was refused for.
    private static func digest(_ line: ArraySlice<UInt8>) -> [UInt8] {
        // Within the texts before it, a quote has a backslash.
        let member = Array(",\"event\":".utf8)
        let event = line.firstRange(of: member).map { line[$0.upperBound...] } ?? line
        return event.withUnsafeBytes { Array(SHA256.hash(data: $0)) }
    }
}
