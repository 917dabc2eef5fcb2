// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The first bytes of a store's file, as SQLite lays them out.
///
/// They are looked at without SQLite, which takes a damaged header for a file of somebody else's,
/// or for one that nobody may write.
struct FileHeader {
    private let bytes: [UInt8]

    /// Reads the header; one that cannot be read is neither ours nor sound.
    init(of path: String) {
        let file = FileHandle(forReadingAtPath: path)
        bytes = (try? file?.read(upToCount: 72)).map(Array.init) ?? []
        try? file?.close()
    }

    /// Whether the file bears our mark.
    var isOurs: Bool { bytes.dropFirst(68).elementsEqual("CARN".utf8) }

    /// Whether SQLite would write to the file: it refuses format versions it does not know.
    var isWritable: Bool { bytes.count == 72 && bytes[18] == bytes[19] && bytes[18] <= 2 }
}
