// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// An export that somebody asked for, from then until its file is gone.
package struct ExportJob: Sendable, Equatable {
    /// How far a job is; raw values are the names in every output.
    package enum State: String, Sendable, CaseIterable {
        /// Waits for its turn.
        case queued
        /// Is worked on.
        case running
        /// Can be downloaded.
        case done
        /// Could not be carried out.
        case failed
        /// Was called off.
        case cancelled
        /// Was done, and its file is gone.
        case expired
    }

    /// Parts that are kept, as many as one worker made in a row.
    package struct Run: Sendable, Equatable {
        /// What the worker calls itself.
        package let worker: String
        /// How many there are.
        package var count: Int
    }

    /// What a file's parts are together.
    package struct Sum: Sendable, Equatable {
        /// Their length.
        package var bytes: UInt64 = 0
        /// Their CRC-32.
        package var crc: UInt32 = 0
    }

    /// How many records of the range were shown, and how many were not.
    package struct Counts: Sendable, Equatable {
        /// Exported.
        package var matched: UInt64 = 0
        /// Left out, because they fail a condition or are not to be seen.
        package var notMatched: UInt64 = 0
        /// Not decidable, because what decides was erased.
        package var erased: UInt64 = 0
        /// Not decidable, because the content was pruned.
        package var pruned: UInt64 = 0

        /// All together.
        package var total: UInt64 { matched + notMatched + erased + pruned }

        /// Nothing yet.
        package init() {}
    }

    /// The name by which it is asked for.
    package let id: String
    /// Whose records are exported.
    package let tenant: String
    /// What is exported, and how.
    package let request: ExportRequest
    /// What the one who asks is shown.
    package let narrowing: Narrowing
    /// Who asked: kind, id and subject of the credential.
    package let requester: JSONObject
    /// When it was asked for.
    package let createdAt: Timestamp
    /// The checkpoint that the proofs lead to.
    package let checkpoint: SignedNote
    /// The ledger's origin.
    package let origin: String
    /// The size of the ledger that is exported.
    package let size: UInt64
    /// The indexes that are gone through.
    package let range: Range<UInt64>

    /// How far it is.
    package internal(set) var state = State.queued
    /// When it was first worked on.
    package internal(set) var startedAt: Timestamp?
    /// When it ended, however it did.
    package internal(set) var finishedAt: Timestamp?
    /// When its file goes.
    package internal(set) var expiresAt: Timestamp?
    /// The first index that no part has yet.
    package internal(set) var next: UInt64
    /// What was counted below ``next``.
    package internal(set) var counts = Counts()
    /// The parts, in order.
    package internal(set) var runs: [Run] = []
    /// The data file's parts together.
    package internal(set) var data = Sum()
    /// The evidence's parts together.
    package internal(set) var evidence = Sum()
    /// The redaction rules that exported records name.
    package internal(set) var redactionRules: [String] = []
    /// The worker that has it, or that made its file; no two have the same name.
    package internal(set) var holder: String?
    /// How often it was begun anew after something was out of reach.
    package internal(set) var attempts: UInt64 = 0
    /// Why it failed, in words that hold nothing internal.
    package internal(set) var failure: String?
    /// The length and SHA-256 of the package, once it is done.
    package internal(set) var file: (bytes: UInt64, sha256: Digest)?

    /// Whether nothing more will be done for it.
    package var isFinished: Bool { state != .queued && state != .running }

    /// The name of the file that is downloaded.
    package var fileName: String { "\(Self.plain(request.name))-\(id.suffix(8)).zip" }

    private static func plain(_ name: String) -> String {
        let letters = name.unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                || scalar == "-" || scalar == "_" ? Character(scalar) : "-"
        }
        return String(letters.prefix(64))
    }

    /// Names what is exported of which ledger.
    package init(
        id: String,
        tenant: String,
        request: ExportRequest,
        narrowing: Narrowing,
        requester: JSONObject,
        createdAt: Timestamp,
        checkpoint: SignedNote,
        origin: String,
        size: UInt64,
        range: Range<UInt64>
    ) {
        self.id = id
        self.tenant = tenant
        self.request = request
        self.narrowing = narrowing
        self.requester = requester
        self.createdAt = createdAt
        self.checkpoint = checkpoint
        self.origin = origin
        self.size = size
        self.range = range
        next = range.lowerBound
    }

    /// Whether two jobs are the same, in all that is kept of them.
    package static func == (left: ExportJob, right: ExportJob) -> Bool {
        left.document == right.document
    }
}

extension ExportJob {
    /// Forgets its parts, because some of them are gone.
    mutating func startAgain() {
        forgetParts()
        (next, counts, redactionRules) = (range.lowerBound, Counts(), [])
    }

    /// Forgets where its parts are, because nobody needs them any more.
    mutating func forgetParts() {
        (runs, data, evidence) = ([], Sum(), Sum())
    }

    /// How many parts are kept.
    var partCount: Int { runs.reduce(0) { $0 + $1.count } }

    /// The names under which the parts are kept, in order.
    var partNames: [String] {
        var names: [String] = []
        for run in runs {
            for _ in 0..<run.count { names.append(Self.partName(names.count, by: run.worker)) }
        }
        return names
    }

    /// The name of a part, of which none is before it in the order of names and behind it in the file.
    static func partName(_ number: Int, by worker: String) -> String {
        "\("\(100_000_000 + number)".dropFirst())-\(worker)"
    }

    /// Counts one more part.
    mutating func add(partBy worker: String) {
        if runs.last?.worker == worker {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(worker: worker, count: 1))
        }
    }

    /// What a caller is shown of it.
    package var json: JSONObject {
        var members = request.json
        members["id"] = .string(id)
        members["state"] = .string(state.rawValue)
        members["requested_by"] = .object(requester)
        members["created_at"] = .string(createdAt.millisecondsText)
        let times = [
            ("started_at", startedAt), ("finished_at", finishedAt), ("expires_at", expiresAt),
        ]
        for (name, time) in times { members[name] = time.map { .string($0.millisecondsText) } }
        members["range"] = [
            "from": .number(JSONNumber(range.lowerBound)),
            "to": .number(JSONNumber(range.upperBound)), "size": .number(JSONNumber(size)),
        ]
        members["progress"] = [
            "checked": .number(JSONNumber(next - range.lowerBound)),
            "total": .number(JSONNumber(range.upperBound - range.lowerBound)),
            "records": .number(JSONNumber(counts.matched)),
        ]
        members["detail"] = failure.map { .string($0) }
        if let file {
            members["file"] = [
                "name": .string(fileName), "size": .number(JSONNumber(file.bytes)),
                "sha256": .string(file.sha256.hex),
            ]
        }
        return members
    }

    /// What a store keeps of it.
    var document: [UInt8] {
        var members = json
        members["narrowing"] = narrowing.isEmpty ? nil : narrowing.json
        members["checkpoint"] = .string(checkpoint.encoded)
        members["origin"] = .string(origin)
        members["holder"] = holder.map { .string($0) }
        members["attempts"] = .number(JSONNumber(attempts))
        members["counts"] = .object(counts.json)
        members["redaction_rules"] = .array(redactionRules.map { .string($0) })
        members["parts"] = [
            "runs": .array(
                runs.map { [.string($0.worker), .number(JSONNumber(UInt64($0.count)))] }
            ),
            "data": data.json, "evidence": evidence.json,
        ]
        return JSONValue.object(members).canonical.bytes
    }

    /// Reads what a store kept, or returns nil for anything else.
    init?(document bytes: [UInt8], tenant: String) {
        let limits = JSONLimits(depth: 16, bytes: max(bytes.count, 1))
        guard case .object(var members)? = try? JSONValue(parsing: bytes, limits: limits),
            let id = members["id"]?.string, let requester = members["requested_by"]?.object,
            let state = members["state"]?.string.flatMap({ State(rawValue: $0) }),
            let createdAt = Self.time(members["created_at"]),
            let note = members["checkpoint"]?.string.flatMap({ try? SignedNote(parsing: $0) }),
            let origin = members["origin"]?.string,
            let from = Self.count(members["range"]?["from"]),
            let to = Self.count(members["range"]?["to"]), from <= to,
            let size = Self.count(members["range"]?["size"]),
            let checked = Self.count(members["progress"]?["checked"]), checked <= to - from,
            let counts = members["counts"]?.object.flatMap({ Counts($0) }),
            let runs = members["parts"]?["runs"]?.array.map({ $0.compactMap(Run.init) }),
            let data = Sum(members["parts"]?["data"]),
            let evidence = Sum(members["parts"]?["evidence"])
        else { return nil }
        var narrowing = Narrowing()
        if let kept = members["narrowing"]?.object {
            guard let read = try? Narrowing(kept) else { return nil }
            narrowing = read
        }
        let started = Self.time(members["started_at"])
        let finished = Self.time(members["finished_at"])
        let expires = Self.time(members["expires_at"])
        let rules = members["redaction_rules"]?.array?.compactMap(\.string) ?? []
        let failure = members["detail"]?.string
        let attempts = Self.count(members["attempts"]) ?? 0
        let holder = members["holder"]?.string
        let file = members["file"]
        let own: Set = [
            "name", "format", "columns", "formulas", "bom", "compression", "accounted", "filter",
        ]
        for (name, _) in members where !own.contains(name) { members[name] = nil }
        guard let request = try? ExportRequest(members) else { return nil }
        self.init(
            id: id,
            tenant: tenant,
            request: request,
            narrowing: narrowing,
            requester: requester,
            createdAt: createdAt,
            checkpoint: note,
            origin: origin,
            size: size,
            range: from..<to
        )
        self.state = state
        (startedAt, finishedAt, expiresAt) = (started, finished, expires)
        next = from + checked
        self.counts = counts
        (self.runs, self.data, self.evidence) = (runs, data, evidence)
        redactionRules = rules
        self.attempts = attempts
        self.holder = holder
        self.failure = failure
        if let bytes = Self.count(file?["size"]),
            let digest = file?["sha256"]?.string.flatMap({ Digest(hex: $0) })
        {
            self.file = (bytes, digest)
        }
    }

    private static func time(_ value: JSONValue?) -> Timestamp? {
        value?.string.flatMap { try? Timestamp.parse($0).timestamp }
    }

    /// A count, which is below 2^53 as every position is.
    fileprivate static func count(_ value: JSONValue?) -> UInt64? {
        value?.integer.flatMap { $0 < 1 << 53 ? UInt64(exactly: $0) : nil }
    }
}

extension ExportJob.Counts {
    /// The counts as an object.
    package var json: JSONObject {
        [
            "range": .number(JSONNumber(total)), "matched": .number(JSONNumber(matched)),
            "not_matched": .number(JSONNumber(notMatched)), "erased": .number(JSONNumber(erased)),
            "pruned": .number(JSONNumber(pruned)),
        ]
    }

    /// Reads the counts, or returns nil unless they add up.
    package init?(_ members: JSONObject) {
        guard let matched = ExportJob.count(members["matched"]),
            let notMatched = ExportJob.count(members["not_matched"]),
            let erased = ExportJob.count(members["erased"]),
            let pruned = ExportJob.count(members["pruned"])
        else { return nil }
        self.init()
        (self.matched, self.notMatched) = (matched, notMatched)
        (self.erased, self.pruned) = (erased, pruned)
        guard ExportJob.count(members["range"]) == total else { return nil }
    }
}

extension ExportJob.Run {
    fileprivate init?(_ value: JSONValue) {
        guard let items = value.array, items.count == 2, let worker = items[0].string,
            let count = ExportJob.count(items[1])
        else { return nil }
        self.init(worker: worker, count: Int(count))
    }
}

extension ExportJob.Sum {
    fileprivate var json: JSONValue {
        [.number(JSONNumber(bytes)), .number(JSONNumber(UInt64(crc)))]
    }

    fileprivate init?(_ value: JSONValue?) {
        guard let items = value?.array, items.count == 2, let bytes = ExportJob.count(items[0]),
            let crc = ExportJob.count(items[1]).flatMap({ UInt32(exactly: $0) })
        else { return nil }
        self.init(bytes: bytes, crc: crc)
    }

    /// The sum with one more part behind the others.
    func adding(_ part: ExportJob.Sum, _ tools: any ExportTools) -> ExportJob.Sum {
        ExportJob.Sum(
            bytes: bytes + part.bytes,
            crc: tools.crc32(crc, then: part.crc, of: part.bytes)
        )
    }
}
