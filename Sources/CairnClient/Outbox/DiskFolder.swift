// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A folder, as a spool needs it.
enum DiskFolder {
    /// Makes a folder for its owner alone, and those above it, where they are absent; one that is
    /// there must be its owner's, and nobody else may write to it.
    static func create(_ path: String) throws(DiskFailure) {
        var path = path
        // With one at its end, a link would be followed.
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        var above = path.startIndex
        while let slash = path[above...].firstIndex(of: "/") {
            above = path.index(after: slash)
            if slash > path.startIndex { try make(String(path[..<slash])) }
        }
        try make(path)
        try check(path)
    }

    /// Makes a folder that survives the loss of power, unless there is one.
    private static func make(_ path: String) throws(DiskFailure) {
        guard mkdir(path, 0o700) == 0 else {
            let code = errno
            // Whether what is there is a folder shows when it is used.
            guard code == EEXIST || has(path) else {
                throw DiskFailure("make \(path)", code: code)
            }
            return
        }
        let parent = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        try synchronise(parent.isEmpty ? "/" : String(parent))
    }

    /// Refuses a link, a folder of somebody else, and one that others may put files into.
    private static func check(_ path: String) throws(DiskFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskFailure("open \(path)") }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw DiskFailure("look at \(path)") }
        guard facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0 else {
            throw DiskFailure("trust \(path), which others own or may write to", code: EPERM)
        }
    }

    /// The names in a folder, in order.
    static func names(in path: String) throws(DiskFailure) -> [String] {
        guard let folder = opendir(path) else { throw DiskFailure("list \(path)") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether there is a file.
    static func has(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// How long a file is, in bytes; nothing where there is none.
    static func size(_ path: String) -> Int {
        var facts = stat()
        return lstat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// Removes a file.
    static func remove(_ path: String) throws(DiskFailure) {
        guard unlink(path) == 0 || errno == ENOENT else { throw DiskFailure("remove \(path)") }
    }

    /// Gives a file another name in place of what had it.
    static func rename(_ path: String, to other: String) throws(DiskFailure) {
        guard moves(path, other) else { throw DiskFailure("rename \(path)") }
    }

    private static func moves(_ path: String, _ other: String) -> Bool {
        #if canImport(Glibc)
        Glibc.rename(path, other) == 0
        #elseif canImport(Musl)
        Musl.rename(path, other) == 0
        #else
        Darwin.rename(path, other) == 0
        #endif
    }

    /// Waits until names that were made and removed survive the loss of power.
    static func synchronise(_ path: String) throws(DiskFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskFailure("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DiskFailure("fsync \(path)") }
    }
}
