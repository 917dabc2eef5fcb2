// SPDX-License-Identifier: Apache-2.0
import CairnLedger
import Foundation

/// The files of an export in its archive: a ZIP whose entries are stored as they are.
struct ZipFiles: ExportFiles {
    private struct Entry {
        let name: String
        let bytes: UInt64
        let crc: UInt64
        let header: UInt64
    }

    /// The longest list of files, in bytes.
    private static let directoryBytes: UInt64 = 1 << 20

    private let path: String
    private let entries: [Entry]
    let mayHoldOthers = false

    var files: [(name: String, bytes: UInt64)] { entries.map { ($0.name, $0.bytes) } }

    /// Reads the list of files at the archive's end.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        do {
            entries = try ZipFiles.directory(of: path)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .badInput("\(path) cannot be read: \(error.localizedDescription)")
        }
    }

    func open(_ name: String) throws -> PieceReader {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw CommandFailure.badInput("\(path) has no file \(name)")
        }
        let start = try Self.content(of: entry, in: path)
        return try FilePieces.reader(of: path, range: start..<start + entry.bytes)
    }

    /// Where an entry's bytes begin, once its own header says what the list says: a reader that goes from
    /// header to header is to read the same.
    private static func content(of entry: Entry, in path: String) throws -> UInt64 {
        let header = try bytes(of: path, at: entry.header, count: 30)
        let (nameCount, extraCount) = (header.number(26, 2), header.number(28, 2))
        let rest = try bytes(of: path, at: entry.header + 30, count: nameCount + extraCount)
        var size = header.number(18, 4)
        if size == UInt64(UInt32.max) { size = rest.number(Int(nameCount) + 12, 8) }
        guard header.number(0, 4) == 0x0403_4B50, header.number(6, 2) == 1 << 11,
            header.number(8, 2) == 0, header.number(14, 4) == entry.crc, size == entry.bytes,
            rest.prefix(Int(nameCount)).elementsEqual(entry.name.utf8)
        else { throw ExportFault(entry.name, "is another file in the archive than in its list") }
        return entry.header + 30 + nameCount + extraCount
    }

    private static func directory(of path: String) throws -> [Entry] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure.badInput("\(path) cannot be opened")
        }
        let size = try handle.seekToEnd()
        // The end of an archive without a comment, and what may come before it.
        let count = min(size, 22 + 20 + 56)
        let tail = try bytes(of: path, at: size - count, count: count)
        let end = tail.count - 22
        guard end >= 0, tail.number(end, 4) == 0x0605_4B50 else { throw notOurs(path) }
        var (length, offset) = (tail.number(end + 12, 4), tail.number(end + 16, 4))
        if offset == UInt64(UInt32.max) {
            let large = end - 20 - 56
            guard large >= 0, tail.number(large, 4) == 0x0606_4B50 else { throw notOurs(path) }
            (length, offset) = (tail.number(large + 40, 8), tail.number(large + 48, 8))
        }
        guard length <= directoryBytes, offset <= size, length <= size - offset else {
            throw notOurs(path)
        }
        let found = try entries(try bytes(of: path, at: offset, count: length), path, size)
        // One behind the other, from the first byte to the list: there is no room for anything else.
        var next: UInt64 = 0
        for entry in found {
            guard entry.header == next else { throw notOurs(path) }
            next = try content(of: entry, in: path) + entry.bytes
        }
        guard next == offset else { throw notOurs(path) }
        return found
    }

    private static func entries(
        _ list: [UInt8],
        _ path: String,
        _ size: UInt64
    ) throws -> [Entry] {
        var entries: [Entry] = []
        var at = 0
        while at < list.count {
            guard list.count - at >= 46, list.number(at, 4) == 0x0201_4B50 else {
                throw notOurs(path)
            }
            let lengths = [28, 30, 32].map { Int(list.number(at + $0, 2)) }
            let next = at + 46 + lengths.reduce(0, +)
            guard next <= list.count else { throw notOurs(path) }
            guard list.number(at + 10, 2) == 0 else {
                throw CommandFailure.badInput(
                    "\(path) was packed anew and compressed: unpack it, and verify the folder"
                )
            }
            let name = String(decoding: list[at + 46..<at + 46 + lengths[0]], as: UTF8.self)
            var (bytes, header) = (list.number(at + 24, 4), list.number(at + 42, 4))
            // The 64-bit forms come in this order, each only where it is needed.
            var extra = at + 46 + lengths[0] + 4
            for isNeeded in [
                bytes == UInt64(UInt32.max), list.number(at + 20, 4) == UInt64(UInt32.max),
                header == UInt64(UInt32.max),
            ].enumerated() where isNeeded.element {
                guard extra + 8 <= next else { throw notOurs(path) }
                switch isNeeded.offset {
                case 0: bytes = list.number(extra, 8)
                case 2: header = list.number(extra, 8)
                default: break
                }
                extra += 8
            }
            guard bytes <= size, header <= size - bytes else { throw notOurs(path) }
            entries.append(
                Entry(name: name, bytes: bytes, crc: list.number(at + 16, 4), header: header)
            )
            at = next
        }
        return entries
    }

    private static func bytes(
        of path: String,
        at offset: UInt64,
        count: UInt64
    ) throws -> [UInt8] {
        let read = try FilePieces.reader(of: path, range: offset..<offset + count)
        var bytes: [UInt8] = []
        while let piece = try read() { bytes += piece }
        guard bytes.count == count else { throw notOurs(path) }
        return bytes
    }

    private static func notOurs(_ path: String) -> CommandFailure {
        .badInput("\(path) is neither the archive of an export nor a folder, or it is cut off")
    }
}

extension [UInt8] {
    /// A number of so many bytes, the lowest first; 0 beyond the end.
    fileprivate func number(_ at: Int, _ count: Int) -> UInt64 {
        guard at >= 0, at + count <= self.count else { return 0 }
        return self[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
