// SPDX-License-Identifier: Apache-2.0
import CairnLedger
import Foundation
import Synchronization

/// The files of an export in a folder.
struct FolderFiles: ExportFiles {
    private let folder: URL
    let mayHoldOthers = true
    let files: [(name: String, bytes: UInt64)]

    /// Lists a folder; what is no plain file is left out.
    init(_ path: String) throws(CommandFailure) {
        folder = URL(fileURLWithPath: path, isDirectory: true)
        do {
            let keys: Set<URLResourceKey> = [.isRegularFileKey, .fileSizeKey]
            let found = try FileManager.default.contentsOfDirectory(
                at: folder,
                includingPropertiesForKeys: Array(keys)
            )
            files = try found.compactMap { url in
                let values = try url.resourceValues(forKeys: keys)
                guard values.isRegularFile == true, let size = values.fileSize else { return nil }
                return (url.lastPathComponent, UInt64(size))
            }
        } catch {
            throw .badInput("\(path) cannot be read: \(error.localizedDescription)")
        }
    }

    func open(_ name: String) throws -> PieceReader {
        try FilePieces.reader(of: folder.appendingPathComponent(name).path, range: nil)
    }
}

/// Reads a file, or a part of it, in pieces.
enum FilePieces {
    private static let pieceBytes = 1 << 20

    static func reader(
        of path: String,
        range: Range<UInt64>?
    ) throws(CommandFailure) -> PieceReader {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .badInput("\(path) cannot be opened")
        }
        do {
            try handle.seek(toOffset: range?.lowerBound ?? 0)
        } catch {
            throw .badInput("\(path) cannot be read: \(error.localizedDescription)")
        }
        let left = Mutex(range.map { $0.upperBound - $0.lowerBound } ?? UInt64.max)
        return {
            let wanted = left.withLock { Int(min($0, UInt64(pieceBytes))) }
            guard wanted > 0, let data = try handle.read(upToCount: wanted), !data.isEmpty else {
                return nil
            }
            left.withLock { $0 -= UInt64(data.count) }
            return Array(data)[...]
        }
    }
}
