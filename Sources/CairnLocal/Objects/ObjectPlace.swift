// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Foundation

/// Where an object is: its folder, and the folders above it.
///
/// The object `a/b` has the files `a/b@`, its sheet, and `a/b@` with the name of its content; no
/// key has an `@`, so a key may begin another one.
struct ObjectPlace: Sendable {
    /// The folders from the store's own to the object's.
    let folders: [OpenFile]
    private let parts: [String]

    private var name: String { parts[parts.count - 1] }
    private var folder: OpenFile { folders[folders.count - 1] }

    /// Finds an object's folder, or returns nil if it is not there.
    init?(_ key: ObjectKey, in root: OpenFile) throws {
        parts = key.text.split(separator: "/").map(String.init)
        var folders = [root]
        do {
            for part in parts.dropLast() {
                folders.append(try folders[folders.count - 1].folder(part))
            }
        } catch let error as FileFailure where error.errno == ENOENT {
            return nil
        }
        self.folders = folders
    }

    /// Makes an object's folders where they are absent.
    init(making key: ObjectKey, in root: OpenFile) throws {
        parts = key.text.split(separator: "/").map(String.init)
        var folders = [root]
        for part in parts.dropLast() {
            let above = folders[folders.count - 1]
            try above.makeFolder(part)
            folders.append(try above.folder(part))
        }
        self.folders = folders
    }

    /// The object's sheet, or nil if there is no object.
    func sheet() throws -> ObjectSheet? {
        let file: OpenFile
        do {
            file = try folder.file(name + "@")
        } catch let error as FileFailure where error.errno == ENOENT {
            return nil
        }
        _ = try file.size()
        return try ObjectSheet(parsing: file.read(at: 0, upTo: ObjectSheet.limitBytes))
    }

    /// The content that a sheet names, or nil if another one took its place meanwhile.
    func content(of sheet: ObjectSheet) throws -> OpenFile? {
        do {
            return try folder.file(name + "@" + sheet.content)
        } catch let error as FileFailure where error.errno == ENOENT {
            return nil
        }
    }

    /// Gives the content that a sheet names another name, anywhere on the same disk.
    func link(_ sheet: ObjectSheet, to path: String) throws {
        try folder.link(name + "@" + sheet.content, toPath: path)
    }

    /// A new file for content, which is locked while it is open.
    func newContent(_ content: String) throws -> OpenFile {
        let file = try folder.newFile(name + "@" + content)
        _ = try file.lock(waiting: false)
        return file
    }

    /// Makes a sheet and all that leads to it durable, in place of the one before or only where
    /// there is none.
    func write(_ sheet: ObjectSheet, onlyIfAbsent: Bool) throws {
        let draft = name + "@" + sheet.content + ".new"
        try folder.remove(draft)
        do {
            let file = try folder.newFile(draft)
            try file.write(sheet.encoded())
            try file.synchronise()
            if onlyIfAbsent {
                try folder.link(draft, to: name + "@")
                try folder.remove(draft)
            } else {
                try folder.rename(draft, to: name + "@")
            }
        } catch {
            try? folder.remove(draft)
            throw error
        }
        // Another process may have made a folder, and not made it durable yet.
        for folder in folders.reversed() { try folder.synchronise() }
    }

    /// Takes the object's sheet away, durably.
    func removeSheet() throws {
        try folder.remove(name + "@")
        try folder.synchronise()
    }

    /// Takes a content away, and the folders that are empty then.
    func removeContent(_ content: String) {
        // What is left of it does no harm, and goes when the store is opened the next time.
        try? folder.remove(name + "@" + content)
        for (above, part) in zip(folders.dropLast(), parts).reversed() {
            guard above.removeFolder(part) else { return }
        }
    }
}
