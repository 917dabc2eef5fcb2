// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A call of the operating system that failed.
struct DiskFailure: Error, CustomStringConvertible {
    /// What was to be done, and to which file.
    let operation: String
    let code: Int32

    init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

/// A file that is open, as a spool needs it: added to, read from, cut and made durable.
struct DiskFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens a file for reading and writing; makes it, for its owner alone, where that is wanted.
    ///
    /// A link is refused: it would lead whoever made it out of the folder.
    init(_ path: String, creating: Bool) throws(DiskFailure) {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (creating ? O_CREAT : 0)
        descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw DiskFailure("open \(path)") }
        self.path = path
    }

    deinit { close(descriptor) }

    /// How long it is, in bytes.
    func size() throws(DiskFailure) -> Int {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw DiskFailure("seek in \(path)") }
        return Int(end)
    }

    /// Writes all bytes at a place.
    func write(_ bytes: [UInt8], at offset: Int) throws(DiskFailure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                return pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskFailure("write \(path)") }
            done += count
        }
    }

    /// Reads so many bytes at a place, or as many as there are.
    func read(_ count: Int, at offset: Int) throws(DiskFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = bytes.withUnsafeMutableBytes { bytes in
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                return pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw DiskFailure("read \(path)") }
            if read == 0 { break }
            done += read
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// Cuts off what is behind a length.
    func truncate(to size: Int) throws(DiskFailure) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw DiskFailure("cut \(path)") }
    }

    /// Waits until what was written survives the loss of power.
    func synchronise() throws(DiskFailure) {
        guard fsync(descriptor) == 0 else { throw DiskFailure("fsync \(path)") }
    }

    /// Keeps others out for as long as the file is open; false when somebody else does.
    func lock() -> Bool {
        flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    /// Lets others in: a child that was just started may have the file open, too.
    func unlock() {
        flock(descriptor, LOCK_UN)
    }
}
