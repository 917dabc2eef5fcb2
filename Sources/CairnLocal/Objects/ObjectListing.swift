// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Foundation

/// A walk through a folder of objects, in order of their keys.
struct ObjectListing {
    private let prefix: String
    private let after: ObjectKey?
    private let limit: Int
    /// What was found so far.
    private(set) var found: [ObjectFacts] = []

    init(prefix: String, after: ObjectKey?, limit: Int) {
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }

    /// Walks through a folder whose keys begin with a path, which is empty or ends in `/`.
    mutating func walk(_ folder: OpenFile, _ path: String) throws {
        // A folder's objects come where its name and the `/` come, not where its name does.
        let entries = try folder.names().compactMap { entry -> String? in
            if entry.isFolder { return entry.name + "/" }
            return entry.name.hasSuffix("@") ? String(entry.name.dropLast()) : nil
        }
        for entry in entries.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard found.count < limit else { return }
            let text = path + entry
            if entry.hasSuffix("/") {
                guard text.hasPrefix(prefix) || prefix.hasPrefix(text), isAhead(folder: text)
                else { continue }
                do {
                    try walk(folder.folder(String(entry.dropLast())), text)
                } catch let error as FileFailure where error.errno == ENOENT {
                    // It was empty, and is gone.
                }
            } else if text.hasPrefix(prefix), let key = ObjectKey(text),
                after.map({ $0 < key }) ?? true
            {
                try add(key, in: folder, entry)
            }
        }
    }

    /// Whether a folder may have keys behind the one that the list begins with.
    private func isAhead(folder path: String) -> Bool {
        guard let after else { return true }
        return after.text.hasPrefix(path)
            || after.text.utf8.lexicographicallyPrecedes(path.utf8)
    }

    private mutating func add(_ key: ObjectKey, in folder: OpenFile, _ name: String) throws {
        do {
            let bytes = try folder.file(name + "@").read(at: 0, upTo: ObjectSheet.limitBytes)
            let facts = try ObjectSheet(parsing: bytes).facts(key)
            found.append(ObjectFacts(key: key, size: facts.size, modifiedAt: facts.modifiedAt))
        } catch let error as FileFailure where error.errno == ENOENT {
            // It was deleted since its name was read.
        }
    }
}

/// What killed processes leave: content without a sheet, and sheets that never took their place.
enum LeftOver {
    /// Removes it from a folder and all folders in it.
    ///
    /// Content that a living process writes is locked, and let be.
    static func remove(in folder: OpenFile) throws {
        var contents: [String: [String]] = [:]
        for (name, isFolder) in try folder.names() {
            if isFolder {
                try remove(in: folder.folder(name))
                _ = folder.removeFolder(name)
            } else if name.hasSuffix(".new") {
                // Sheets are written while the lock is held, which is held here.
                try folder.remove(name)
            } else if let sign = name.firstIndex(of: "@"), sign > name.startIndex {
                contents[String(name[...sign]), default: []]
                    .append(String(name[name.index(after: sign)...]))
            }
        }
        for (sheet, ends) in contents where ends != [""] {
            let others = ends.filter { !$0.isEmpty }
            // One content and a sheet are an object; anything else is looked at.
            if ends.count == 2, others.count == 1 { continue }
            let named = others.count == ends.count ? nil : try content(of: sheet, in: folder)
            for end in others where end != named {
                let file = try folder.file(sheet + end)
                if try file.lock(waiting: false) { try folder.remove(sheet + end) }
            }
        }
    }

    private static func content(of sheet: String, in folder: OpenFile) throws -> String {
        let bytes = try folder.file(sheet).read(at: 0, upTo: ObjectSheet.limitBytes)
        return try ObjectSheet(parsing: bytes).content
    }
}
