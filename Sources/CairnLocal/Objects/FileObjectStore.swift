// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Objects as files in a folder.
///
/// Content is written and synchronised under a name of its own; then the object's sheet, which
/// names it, takes its place in one step. Processes may share the folder: names come and go only
/// while the folder's `@lock` is held.
package struct FileObjectStore: ObjectStore {
    let root: OpenFile
    private let now: @Sendable () -> Timestamp

    /// Opens a folder, which is made if it is absent, and removes what killed processes left in it.
    package init(
        folder: String,
        now: @escaping @Sendable () -> Timestamp
    ) async throws(ObjectError) {
        self.now = now
        root = try await FileObjectStore.blocking {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            let root = try OpenFile.folder(at: folder)
            try FileObjectStore.locked(root) { try LeftOver.remove(in: root) }
            return root
        }
    }

    // MARK: Writing

    package func put(
        _ key: ObjectKey,
        _ bytes: ObjectBytes,
        as options: ObjectOptions
    ) async throws -> ObjectFacts {
        try options.check()
        let draft = try await FileObjectStore.blocking {
            try refuse(key, onlyIfAbsent: options.onlyIfAbsent)
            return try FileObjectStore.locked(root) {
                try ObjectDraft(key, in: root, hashing: options.sha256 != nil)
            }
        }
        do {
            // While some bytes are written, the next ones are asked for.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for try await piece in bytes {
                    try Task.checkCancellation()
                    guard draft.take(piece) else { continue }
                    try await group.waitForAll()
                    group.addTask { try await FileObjectStore.blocking { try draft.write() } }
                }
                try await group.waitForAll()
            }
            try Task.checkCancellation()
            return try await FileObjectStore.blocking { try commit(draft, key, options) }
        } catch {
            try? await FileObjectStore.blocking {
                try FileObjectStore.locked(root) { draft.discard() }
            }
            throw error
        }
    }

    /// Refuses to write what cannot be written before its bytes are asked for.
    private func refuse(_ key: ObjectKey, onlyIfAbsent: Bool) throws {
        guard let there = try ObjectPlace(key, in: root)?.sheet() else { return }
        guard !onlyIfAbsent else { throw ObjectError.exists }
        guard !there.facts(key).isLocked(at: now()) else { throw ObjectError.locked }
    }

    private func commit(
        _ draft: ObjectDraft,
        _ key: ObjectKey,
        _ options: ObjectOptions
    ) throws -> ObjectFacts {
        let (size, digest) = try draft.finish()
        guard options.sha256 == digest else { throw ObjectError.checksum }
        let sheet = ObjectSheet(content: draft.content, size: size, modifiedAt: now(), options)
        try FileObjectStore.locked(root) {
            try refuse(key, onlyIfAbsent: options.onlyIfAbsent)
            let old = try draft.place.sheet()
            do {
                try draft.place.write(sheet, onlyIfAbsent: options.onlyIfAbsent)
            } catch let error as FileFailure where error.errno == EEXIST {
                throw ObjectError.exists
            }
            if let old { draft.place.removeContent(old.content) }
        }
        return sheet.facts(key)
    }

    package func delete(_ key: ObjectKey) async throws(ObjectError) {
        try await FileObjectStore.blocking {
            try FileObjectStore.locked(root) {
                guard let place = try ObjectPlace(key, in: root), let sheet = try place.sheet()
                else { return }
                guard !sheet.facts(key).isLocked(at: now()) else { throw ObjectError.locked }
                try place.removeSheet()
                place.removeContent(sheet.content)
            }
        }
    }

    package func retain(_ key: ObjectKey, until: Timestamp) async throws(ObjectError) {
        try await change(key) { $0.retain(until: until) }
    }

    package func hold(_ key: ObjectKey, _ isHeld: Bool) async throws(ObjectError) {
        try await change(key) { $0.hold(isHeld) }
    }

    private func change(
        _ key: ObjectKey,
        _ change: @escaping @Sendable (inout ObjectSheet) -> Void
    ) async throws(ObjectError) {
        try await FileObjectStore.blocking {
            try FileObjectStore.locked(root) {
                guard let place = try ObjectPlace(key, in: root), var sheet = try place.sheet()
                else { throw ObjectError.missing }
                change(&sheet)
                try place.write(sheet, onlyIfAbsent: false)
            }
        }
    }

    // MARK: Reading

    package func get(
        _ key: ObjectKey,
        range: Range<UInt64>?
    ) async throws(ObjectError) -> (facts: ObjectFacts, bytes: ObjectBytes) {
        let (facts, file) = try await FileObjectStore.blocking {
            // An object that is replaced between the two looks is looked at again.
            for _ in 0..<100 {
                guard let place = try ObjectPlace(key, in: root), let sheet = try place.sheet()
                else { throw ObjectError.missing }
                guard let file = try place.content(of: sheet) else { continue }
                let facts = sheet.facts(key)
                guard try file.size() == facts.size else {
                    throw ObjectError.unavailable("an object has not the length it was put with")
                }
                return (facts, file)
            }
            throw ObjectError.unavailable("an object's content is not there")
        }
        let range = (range ?? 0..<facts.size).clamped(to: 0..<facts.size)
        return (facts, FileBytes(file: file, range: range))
    }

    package func facts(of key: ObjectKey) async throws(ObjectError) -> ObjectFacts? {
        try await FileObjectStore.blocking {
            try ObjectPlace(key, in: root)?.sheet()?.facts(key)
        }
    }

    package func list(
        prefix: String,
        after key: ObjectKey?,
        limit: Int
    ) async throws(ObjectError) -> [ObjectFacts] {
        try await FileObjectStore.blocking {
            var listing = ObjectListing(prefix: prefix, after: key, limit: limit)
            try listing.walk(root, "")
            return listing.found
        }
    }

    /// Nil: whoever serves the folder makes the links to it.
    package func link(
        to key: ObjectKey,
        as download: ObjectDownload,
        for duration: Duration
    ) async throws(ObjectError) -> ObjectLink? {
        nil
    }

    /// Gives the content of an object another name, outside of the store, and copies nothing.
    ///
    /// False where nobody can, as on another disk. The object is to be deleted then: who changes the
    /// file changes it.
    package func link(_ key: ObjectKey, to path: String) async throws(ObjectError) -> Bool {
        try await FileObjectStore.blocking {
            try FileObjectStore.locked(root) {
                guard let place = try ObjectPlace(key, in: root), let sheet = try place.sheet()
                else { throw ObjectError.missing }
                do {
                    try place.link(sheet, to: path)
                    return true
                } catch let error as FileFailure
                    where [EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS, EEXIST].contains(error.errno)
                {
                    return false
                }
            }
        }
    }

    // MARK: Waiting

    private static let queue = DispatchQueue(label: "cairn.objects", attributes: .concurrent)

    /// Runs what waits for a disk on a thread that may wait.
    static func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws(ObjectError) -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { try body() }) }
        }
        return try result.mapError { ObjectError($0) }.get()
    }

    /// Runs `body` while no other thread or process decides anything about the store's objects.
    private static func locked<Value>(
        _ root: OpenFile,
        _ body: () throws -> Value
    ) throws -> Value {
        let lock = try root.lockFile("@lock")
        _ = try lock.lock(waiting: true)
        return try withExtendedLifetime(lock) { try body() }
    }
}
