// SPDX-License-Identifier: Apache-2.0

/// The files of a spool: segments that are only added to, the source's name, what was rejected,
/// and a lock.
///
/// A segment is made durable before it is used, and removed only when every entry in it is settled
/// and a newer one holds the source's number. Whatever instant a crash picks, what was synchronised
/// is found again in order.
struct SpoolFiles: ~Copyable {
    /// A segment that is whole.
    struct Segment {
        let ordinal: Int
        var bytes: Int
        var entries: Int
    }

    private static let suffix = ".segment"

    private let folder: String
    private let segmentBytes: Int
    private let lock: DiskFile
    /// The name of the source, which every number goes with.
    private(set) var source: String
    /// From the oldest to the one that is added to.
    private var segments: [Segment] = []
    private var active: DiskFile
    /// Whether the active segment may have bytes behind its last entry.
    private var isUncut = false
    private var rejected: RejectedFile
    /// The number of the next event that is given one.
    private(set) var nextNumber: UInt64 = 1
    /// Where the first entry is in the oldest segment that is not settled.
    private var start = SpoolHeader.bytes
    /// How many entries are not settled.
    private(set) var count = 0
    /// What could not be read when it was opened.
    let damage: [SpoolDamage]

    /// Makes a folder where it is absent and keeps others out.
    static func lock(_ folder: String) throws -> DiskFile {
        try DiskFolder.create(folder)
        let lock = try DiskFile(folder + "/lock", creating: true)
        guard lock.lock() else {
            throw ClientError(
                .inUse,
                "the spool \(folder) is in use by another recorder; give each its own folder"
            )
        }
        return lock
    }

    /// Finds what waits in a folder that is locked.
    static func open(_ options: SpoolOptions, lock: consuming DiskFile) throws -> SpoolFiles {
        let folder = options.folder
        var found = try SpoolRecovery(folder: folder, suffix: suffix)
        if found.segments.isEmpty {
            _ = try begin(1, in: folder, nextNumber: found.nextNumber)
            found.segments = [Segment(ordinal: 1, bytes: SpoolHeader.bytes, entries: 0)]
        }
        let last = found.segments[found.segments.count - 1].ordinal
        return SpoolFiles(
            options,
            lock: lock,
            source: try SpoolSource.name(in: folder),
            found: found,
            active: try DiskFile(path(folder, last), creating: false),
            // What may be refused again is in the oldest segment; reasons make lines longer.
            rejected: try RejectedFile(in: folder, recent: found.segments[0].bytes * 8)
        )
    }

    private init(
        _ options: SpoolOptions,
        lock: consuming DiskFile,
        source: String,
        found: SpoolRecovery,
        active: consuming DiskFile,
        rejected: RejectedFile
    ) {
        folder = options.folder
        segmentBytes = options.segmentBytes
        self.lock = lock
        self.source = source
        segments = found.segments
        nextNumber = found.nextNumber
        damage = found.damage
        count = found.segments.reduce(0) { $0 + $1.entries }
        self.active = active
        self.rejected = rejected
    }

    deinit { lock.unlock() }

    /// How many bytes lie in the folder.
    var usedBytes: Int { segments.reduce(rejected.bytes) { $0 + $1.bytes } }

    static func path(_ folder: String, _ ordinal: Int) -> String {
        let digits = String(ordinal)
        return folder + "/" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            + suffix
    }

    // MARK: Adding

    /// Adds entries at the end and makes them durable together, or none of them.
    mutating func append(_ entries: [SpoolEntry]) throws(DiskFailure) {
        guard let newest = entries.last else { return }
        if isUncut { try cut() }
        if segments[segments.count - 1].bytes >= segmentBytes { try roll() }
        let last = segments.count - 1
        let bytes = Array(entries.map(\.encoded).joined())
        do throws(DiskFailure) {
            try active.write(bytes, at: segments[last].bytes)
            try active.synchronise()
        } catch {
            isUncut = true
            try? cut()
            throw error
        }
        segments[last].bytes += bytes.count
        segments[last].entries += entries.count
        nextNumber = newest.nextNumber
        count += entries.count
    }

    /// Cuts off what could not be made durable: it must not stand before what comes next, nor be
    /// found after a crash by somebody who was told that it is not there.
    private mutating func cut() throws(DiskFailure) {
        try active.truncate(to: segments[segments.count - 1].bytes)
        try active.synchronise()
        isUncut = false
    }

    /// Begins a segment.
    private mutating func roll() throws(DiskFailure) {
        if isUncut { try cut() }
        let ordinal = (segments.last?.ordinal ?? 0) + 1
        active = try SpoolFiles.begin(ordinal, in: folder, nextNumber: nextNumber)
        segments.append(Segment(ordinal: ordinal, bytes: SpoolHeader.bytes, entries: 0))
    }

    private static func begin(
        _ ordinal: Int,
        in folder: String,
        nextNumber: UInt64
    ) throws(DiskFailure) -> DiskFile {
        let path = path(folder, ordinal)
        // One that was begun and could not be made durable has nothing in it.
        try DiskFolder.remove(path)
        let file = try DiskFile(path, creating: true)
        try file.write(SpoolHeader(nextNumber: nextNumber).encoded, at: 0)
        try file.synchronise()
        try DiskFolder.synchronise(folder)
        return file
    }

    // MARK: Taking

    /// The payloads of the oldest entries that are not settled, at most so many and about so many
    /// bytes.
    func oldest(_ most: Int, bytes limit: Int) throws(DiskFailure) -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        var taken = 0
        var from = start
        for segment in segments {
            let path = SpoolFiles.path(folder, segment.ordinal)
            guard DiskFolder.has(path) else { break }
            let bytes = try DiskFile(path, creating: false).read(segment.bytes - from, at: from)
            var rest = bytes[...]
            while payloads.count < most, taken < limit, let entry = SpoolEntry(rest) {
                payloads.append(entry.payload)
                taken += entry.count
                rest = rest.dropFirst(entry.count)
            }
            guard rest.isEmpty, bytes.count == segment.bytes - from, payloads.count < most,
                taken < limit
            else { break }
            from = SpoolHeader.bytes
        }
        return payloads
    }

    /// Passes over what cannot be read where the oldest entry should be, and keeps a copy of it.
    ///
    /// The source gets another name, so that what is missing is missed.
    mutating func passDamage() throws(DiskFailure) -> SpoolDamage {
        while start >= segments[0].bytes, try removeOldest() {}
        let path = SpoolFiles.path(folder, segments[0].ordinal)
        var bytes: [UInt8] = []
        if DiskFolder.has(path) {
            let file = try DiskFile(path, creating: false)
            bytes = try file.read(segments[0].bytes - start, at: start)
        }
        let scan = SpoolScan(bytes, from: 0)
        let end = scan.entries.first?.lowerBound ?? segments[0].bytes - start
        let lost = bytes.prefix(end)
        let damage =
            lost.isEmpty
            ? SpoolDamage(gone: end, of: path)
            : try SpoolDamage(lost, of: path, in: folder)
        source = try SpoolSource.renew(in: folder)
        nextNumber = max(nextNumber, 2)
        start += end
        count = segments.dropFirst().reduce(scan.entries.count) { $0 + $1.entries }
        while start >= segments[0].bytes, try removeOldest() {}
        return damage
    }

    /// Takes note that the oldest entries are settled, some by the lines of what was rejected, and
    /// removes segments of which all are.
    mutating func settle(
        _ payloads: [[UInt8]],
        rejecting lines: [[UInt8]]
    ) throws(DiskFailure) {
        // First where they go, then that they went.
        for line in lines { try rejected.add(line) }
        for payload in payloads {
            start += SpoolEntry.headerBytes + payload.count
            count -= 1
            while start >= segments[0].bytes, try removeOldest() {}
        }
        rejected.settle(lines)
    }

    /// Removes the oldest segment, which is settled; returns whether there may be another one.
    private mutating func removeOldest() throws(DiskFailure) -> Bool {
        guard segments[0].entries > 0 || segments.count > 1 else { return false }
        // The number must stand in a segment that stays.
        if segments.count == 1 { try roll() }
        try DiskFolder.remove(SpoolFiles.path(folder, segments[0].ordinal))
        segments.removeFirst()
        start = SpoolHeader.bytes
        return true
    }
}
