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

    /// Damage that was set aside when the spool was opened.
    struct Damage {
        let file: String
        let bytes: Int
    }

    private static let suffix = ".segment"
    static let rejectedName = "rejected.ndjson"

    private let folder: String
    private let segmentBytes: Int
    private let lock: DiskFile
    /// The name of the source, which every number goes with.
    let source: String
    /// From the oldest to the one that is added to.
    private var segments: [Segment] = []
    private var active: DiskFile
    private var rejected: DiskFile?
    private var rejectedBytes = 0
    /// The number of the next event that is given one.
    private(set) var nextNumber: UInt64 = 1
    /// Where the first entry is in the oldest segment that is not settled.
    private var start = SpoolHeader.bytes
    /// How many entries are not settled.
    private(set) var count = 0
    /// What could not be read.
    private(set) var damage: [Damage] = []

    /// Opens a folder and finds what waits there.
    static func open(_ options: SpoolOptions) throws -> SpoolFiles {
        let folder = options.folder
        try DiskFolder.create(folder)
        let lock = try DiskFile(folder + "/lock", creating: true)
        guard lock.lock() else {
            throw ClientError(
                .inUse,
                "the spool \(folder) is in use by another recorder; give each its own folder"
            )
        }
        let source = try source(in: folder)
        var found = try SpoolRecovery(folder: folder, suffix: suffix)
        if found.segments.isEmpty {
            _ = try begin(1, in: folder, nextNumber: found.nextNumber)
            found.segments = [Segment(ordinal: 1, bytes: SpoolHeader.bytes, entries: 0)]
        }
        let last = found.segments[found.segments.count - 1].ordinal
        let active = try DiskFile(path(folder, last), creating: false)
        let rejected = folder + "/" + rejectedName
        let rejectedBytes =
            DiskFolder.has(rejected) ? try DiskFile(rejected, creating: false).size() : 0
        return SpoolFiles(
            options,
            lock: lock,
            source: source,
            found: found,
            active: active,
            rejectedBytes: rejectedBytes
        )
    }

    private init(
        _ options: SpoolOptions,
        lock: consuming DiskFile,
        source: String,
        found: SpoolRecovery,
        active: consuming DiskFile,
        rejectedBytes: Int
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
        self.rejectedBytes = rejectedBytes
    }

    deinit { lock.unlock() }

    /// How many bytes lie in the folder.
    var usedBytes: Int { segments.reduce(rejectedBytes) { $0 + $1.bytes } }

    static func path(_ folder: String, _ ordinal: Int) -> String {
        let digits = String(ordinal)
        return folder + "/" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            + suffix
    }

    // MARK: Adding

    /// Adds entries at the end and makes them durable together, or none of them.
    mutating func append(_ entries: [SpoolEntry]) throws(DiskFailure) {
        guard let newest = entries.last else { return }
        if segments[segments.count - 1].bytes >= segmentBytes { try roll() }
        let last = segments.count - 1
        let bytes = Array(entries.map(\.encoded).joined())
        do throws(DiskFailure) {
            try active.write(bytes, at: segments[last].bytes)
            try active.synchronise()
        } catch {
            // What the disk has of it must not stand before what comes next.
            try active.truncate(to: segments[last].bytes)
            throw error
        }
        segments[last].bytes += bytes.count
        segments[last].entries += entries.count
        nextNumber = newest.nextNumber
        count += entries.count
    }

    /// Begins a segment.
    private mutating func roll() throws(DiskFailure) {
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
            let file = try DiskFile(SpoolFiles.path(folder, segment.ordinal), creating: false)
            let bytes = try file.read(segment.bytes - from, at: from)
            var rest = bytes[...]
            while payloads.count < most, taken < limit, let entry = SpoolEntry(rest) {
                payloads.append(entry.payload)
                taken += entry.count
                rest = rest.dropFirst(entry.count)
            }
            guard rest.isEmpty, payloads.count < most, taken < limit else { break }
            from = SpoolHeader.bytes
        }
        return payloads
    }

    /// Takes note that the oldest entries are settled, and removes segments of which all are.
    mutating func settle(_ payloads: [[UInt8]]) throws(DiskFailure) {
        for payload in payloads {
            start += SpoolEntry.headerBytes + payload.count
            count -= 1
            while start >= segments[0].bytes, try removeOldest() {}
        }
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

    // MARK: Rejecting

    /// Adds a line to what was rejected and makes it durable.
    mutating func reject(_ line: [UInt8]) throws(DiskFailure) {
        let path = folder + "/" + SpoolFiles.rejectedName
        if rejected == nil {
            rejected = try DiskFile(path, creating: true)
            try DiskFolder.synchronise(folder)
        }
        try rejected?.write(line + [UInt8(ascii: "\n")], at: rejectedBytes)
        try rejected?.synchronise()
        rejectedBytes += line.count + 1
    }

    // MARK: The source

    /// The name of the folder's source, which is drawn once.
    private static func source(in folder: String) throws -> String {
        let path = folder + "/source"
        if DiskFolder.has(path) {
            let file = try DiskFile(path, creating: false)
            let text = String(decoding: try file.read(64, at: 0), as: UTF8.self)
            guard text.utf8.count == 33, text.hasSuffix("\n") else {
                throw ClientError(.spoolFailed, "\(path) is damaged; put it back, or remove it")
            }
            return String(text.dropLast())
        }
        // Letters alone: no run of digits that might be taken for a card's number.
        let letters = Array("abcdefghijklmnop")
        let name = SystemSource.randomBytes(16).map { byte in
            "\(letters[Int(byte >> 4)])\(letters[Int(byte & 15)])"
        }.joined()
        try DiskFolder.remove(path + ".new")
        let file = try DiskFile(path + ".new", creating: true)
        try file.write(Array((name + "\n").utf8), at: 0)
        try file.synchronise()
        try DiskFolder.rename(path + ".new", to: path)
        try DiskFolder.synchronise(folder)
        return name
    }
}
