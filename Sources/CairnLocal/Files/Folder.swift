// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Folders and files, as a store on disk needs them.
enum Folder {
    /// Creates a folder that only its owner may read, if it is absent.
    static func create(_ folder: String) throws(LocalStoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .readOnly(folder)
        }
    }

    /// Whether a folder holds a file.
    static func hasFile(_ folder: String, _ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + name)
    }

    /// Writes a file so that it is whole or absent, whatever happens: a temporary file, fsync,
    /// rename, fsync of the folder.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        // Of this process alone: another one may write the same file.
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode)
        guard file >= 0 else { throw FileFailure(errno: errno) }
        do {
            try writeAll(bytes, to: file)
            guard fsync(file) == 0 else { throw FileFailure(errno: errno) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        close(file)
        guard rename(temporary, path) == 0 else { throw FileFailure(errno: errno) }
        try synchronise(folderOf: path)
    }

    /// Makes an empty file for its owner alone where there is none; SQLite gives its other files
    /// the same mode.
    static func makeFile(_ path: String) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            // SQLite says better why a file cannot be used.
            return
        }
        close(file)
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFailure(errno: errno) }
            rest = rest.dropFirst(count)
        }
    }

    private static func synchronise(folderOf path: String) throws {
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY)
        guard folder >= 0 else { throw FileFailure(errno: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw FileFailure(errno: errno) }
    }
}

/// A call of the operating system that failed.
struct FileFailure: Error, Equatable, CustomStringConvertible {
    let errno: Int32

    var description: String { String(cString: strerror(errno)) }
}

/// Keeps other processes out of a folder for as long as it is held; the system lets go of it when
/// the process ends, however it ends.
final class FolderLock: Sendable {
    private let file: Mutex<Int32?>

    init(_ folder: String) throws(LocalStoreError) {
        let descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .readOnly(folder) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse(folder)
        }
        file = Mutex(descriptor)
    }

    func release() {
        file.withLock { file in
            guard let open = file else { return }
            // A process that was forked just now may have it open, too, and would go on holding it.
            flock(open, LOCK_UN)
            close(open)
            file = nil
        }
    }

    deinit {
        release()
    }
}
