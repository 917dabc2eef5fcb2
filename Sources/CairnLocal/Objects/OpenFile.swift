// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import Foundation

/// A file or folder that is open, and closed when nobody holds it any more.
///
/// Names are taken inside an open folder and never follow a symbolic link, so that nobody leads a
/// store out of its own folder.
final class OpenFile: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) throws {
        guard descriptor >= 0 else { throw FileFailure(errno: errno) }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens a folder by its path, links and all: it is the operator who names it.
    static func folder(at path: String) throws -> OpenFile {
        try OpenFile(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    }

    func folder(_ name: String) throws -> OpenFile {
        try OpenFile(openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
    }

    func makeFolder(_ name: String) throws {
        guard mkdirat(descriptor, name, 0o700) == 0 || errno == EEXIST else {
            throw FileFailure(errno: errno)
        }
    }

    func file(_ name: String) throws -> OpenFile {
        // What is no file does not make the opening wait.
        try OpenFile(openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))
    }

    func newFile(_ name: String) throws -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        return try OpenFile(openat(descriptor, name, flags, 0o600))
    }

    /// A file for locks, made if it is absent.
    func lockFile(_ name: String) throws -> OpenFile {
        try OpenFile(openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600))
    }

    /// Keeps others from locking the file until it is closed; false if one has done so before.
    func lock(waiting: Bool) throws -> Bool {
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw FileFailure(errno: errno) }
        }
        return true
    }

    /// The length of what must be a file.
    func size() throws -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure(errno: EISDIR) }
        return UInt64(status.st_size)
    }

    func write(_ bytes: some Sequence<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFailure(errno: errno) }
            rest = rest.dropFirst(count)
        }
    }

    func read(at offset: UInt64, upTo limit: Int) throws -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let result = pread(descriptor, buffer.baseAddress, limit, off_t(offset))
                failure = result < 0 ? errno : 0
                count = max(result, 0)
            }
            guard failure != 0 else { return bytes }
            guard failure == EINTR else { throw FileFailure(errno: failure) }
        }
    }

    func synchronise() throws {
        guard fsync(descriptor) == 0 else { throw FileFailure(errno: errno) }
    }

    /// Gives a file another name in this folder, in place of what has it.
    func rename(_ name: String, to other: String) throws {
        guard renameat(descriptor, name, descriptor, other) == 0 else {
            throw FileFailure(errno: errno)
        }
    }

    /// Gives a file another name in this folder beside its own, if nothing has it.
    func link(_ name: String, to other: String) throws {
        guard linkat(descriptor, name, descriptor, other, 0) == 0 else {
            throw FileFailure(errno: errno)
        }
    }

    /// Gives a file a name anywhere beside its own, if nothing has it.
    func link(_ name: String, toPath path: String) throws {
        guard linkat(descriptor, name, AT_FDCWD, path, 0) == 0 else {
            throw FileFailure(errno: errno)
        }
    }

    func remove(_ name: String) throws {
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw FileFailure(errno: errno)
        }
    }

    /// Takes a folder away if it is empty.
    func removeFolder(_ name: String) -> Bool {
        unlinkat(descriptor, name, AT_REMOVEDIR) == 0
    }

    /// The names in this folder, and whether each is that of a folder.
    func names() throws -> [(name: String, isFolder: Bool)] {
        // A stream closes what it reads, and has a position of its own.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { throw FileFailure(errno: errno) }
        defer { closedir(stream) }
        var names: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(stream) {
            let length = Int(entry.pointee.d_reclen)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: length) {
                    String(cString: $0)
                }
            }
            guard name != ".", name != ".." else { continue }
            var isFolder = entry.pointee.d_type == UInt8(DT_DIR)
            if entry.pointee.d_type == UInt8(DT_UNKNOWN) {
                var status = stat()
                isFolder =
                    fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
                    && status.st_mode & S_IFMT == S_IFDIR
            }
            names.append((name, isFolder))
        }
        return names
    }
}

extension ObjectError {
    /// Speaks of what a file system refused in the language of the port.
    init(_ error: any Error) {
        switch error {
        case let error as ObjectError: self = error
        case let error as FileFailure:
            switch error.errno {
            case ENOSPC, EDQUOT: self = .full
            case EACCES, EPERM, EROFS, ELOOP, ENOTDIR, EISDIR: self = .refused(error.description)
            default: self = .unavailable(error.description)
            }
        default: self = .unavailable("an object's sheet cannot be read")
        }
    }
}
