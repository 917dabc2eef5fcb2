// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// One worker's way through one export: parts, and then the package.
actor ExportMaking {
    /// The export, as far as it is kept.
    private(set) var job: ExportJob
    private let lease: ExportLease
    private let worker: ExportWorker
    /// What no other worker's parts are named.
    private let token: String
    /// What was written last, and is not known to be part of the export yet.
    private var loose: [ObjectKey] = []

    init(_ job: ExportJob, lease: ExportLease, worker: ExportWorker) {
        self.job = job
        self.lease = lease
        self.worker = worker
        token = String(worker.makeID().text.suffix(12))
    }

    /// Makes what is left to be made; returns the job with its file.
    func run() async throws -> ExportJob {
        job.state = .running
        job.holder = token
        job.startedAt = job.startedAt ?? worker.clock.now()
        try await lease.keep(job)
        let ledger = try await worker.ledgers.ledger(of: job.tenant)
        guard ledger.tenant.origin == job.origin else {
            throw StoreError.corrupt("the ledger of an export is another one")
        }
        try await makeParts(of: ledger.tenant)
        try await pack(StoredTree(store: worker.store, ledger: ledger.tenant.ledger))
        return job
    }

    /// Takes away what was written and is not part of the export.
    func discard() async {
        // Under this worker's own name, so that it is nobody else's.
        for key in [job.fileKey, job.partKey("workbook-\(token)", "xlsx")].compactMap({ $0 }) {
            try? await worker.objects.delete(key)
        }
        for key in loose { try? await worker.objects.delete(key) }
        loose = []
    }

    private func makeParts(of tenant: Tenant) async throws {
        var maker = try ExportPartMaker(
            job,
            of: tenant,
            encoder: worker.tools.encoder(for: job.request),
            store: worker.store,
            index: worker.index,
            partBytes: worker.partBytes
        )
        // While a part is kept, the next one is made.
        try await withThrowingTaskGroup(of: (ExportPartMaker.Made, ExportJob.Part).self) { group in
            var number = job.parts.count
            while let made = try await maker.part() {
                if let (made, part) = try await group.next() { try await take(made, part) }
                let name = "\("\(1_000_000 + number)".dropFirst())-\(token)"
                number += 1
                loose += [job.partKey(name, "data"), job.partKey(name, "evidence")].compactMap {
                    $0
                }
                let job = job
                group.addTask { (made, try await self.keep(made, of: job, as: name)) }
            }
            if let (made, part) = try await group.next() { try await take(made, part) }
        }
        loose = []
    }

    /// Counts a part that is kept.
    private func take(_ made: ExportPartMaker.Made, _ part: ExportJob.Part) async throws {
        var next = job
        next.parts.append(part)
        next.attempts = 0
        (next.next, next.counts) = (made.next, made.counts)
        next.redactionRules = made.redactionRules
        try await lease.keep(next)
        job = next
        loose.removeAll { $0.text.contains("/\(part.name).") }
    }

    private nonisolated func keep(
        _ made: ExportPartMaker.Made,
        of job: ExportJob,
        as name: String
    ) async throws -> ExportJob.Part {
        let compression = job.request.compression
        // The rows of a workbook are not part of the package.
        let rows: ExportCompression = job.request.format == .xlsx ? .none : compression
        async let data = keep(made.data, as: rows, at: job.partKey(name, "data"))
        async let evidence = keep(made.evidence, as: compression, at: job.partKey(name, "evidence"))
        return ExportJob.Part(name: name, data: try await data, evidence: try await evidence)
    }

    private nonisolated func keep(
        _ bytes: [UInt8],
        as compression: ExportCompression,
        at key: ObjectKey?
    ) async throws -> (bytes: UInt64, crc: UInt32) {
        guard let key else { throw StoreError.corrupt("an export has an id that is none") }
        let packed = try worker.tools.compressed(bytes, as: compression)
        let once = Once(packed)
        _ = try await worker.objects.put(
            key,
            AsyncThrowingStream { once.take() },
            as: ObjectOptions()
        )
        return (UInt64(packed.count), worker.tools.crc32(packed, after: 0))
    }

    // MARK: Packing

    private func pack(_ tree: StoredTree) async throws {
        let outside = [0..<job.range.lowerBound, job.range.upperBound..<job.size]
        let hashes = try await tree.hashes(covering: outside, size: job.size)
        let edges = RangeEdges(
            range: job.range,
            size: job.size,
            left: hashes[0],
            right: hashes[1]
        )
        let finishedAt = worker.clock.now()
        let package = ExportPackage(
            job,
            edges: edges,
            data: try await dataContent(finishedAt),
            evidence: content("evidence", \.evidence),
            finishedAt: finishedAt,
            tools: worker.tools
        )
        guard let key = job.fileKey else {
            throw StoreError.corrupt("an export has an id that is none")
        }
        var options = ObjectOptions()
        options.mediaType = "application/zip"
        let facts = try await worker.objects.put(key, package.archive, as: options)
        job.file = (facts.size, await package.sha256)
    }

    private func content(
        _ file: String,
        _ size: KeyPath<ExportJob.Part, (bytes: UInt64, crc: UInt32)>
    ) -> ExportPackage.Content {
        let (job, objects) = (job, worker.objects)
        return ExportPackage.Content(
            bytes: job.parts.reduce(0) { $0 + $1[keyPath: size].bytes },
            crc: job.parts.reduce(0) { crc, part in
                worker.tools.crc32(
                    crc,
                    then: part[keyPath: size].crc,
                    of: part[keyPath: size].bytes
                )
            },
            pieces: job.parts.map { part in
                {
                    guard let key = job.partKey(part.name, file) else { throw ObjectError.missing }
                    return try await objects.get(key, range: nil).bytes
                }
            }
        )
    }

    /// What the data file is made of; a workbook is made of its rows first, and kept until then.
    private func dataContent(_ finishedAt: Timestamp) async throws -> ExportPackage.Content {
        let rows = content("data", \.data)
        guard job.request.format == .xlsx else { return rows }
        let made = try await worker.tools.workbook(
            of: job.request,
            facts: Manifest(job: job, finishedAt: finishedAt, files: []).workbookFacts,
            rows: Joined(rows.pieces).bytes
        )
        guard let key = job.partKey("workbook-\(token)", "xlsx") else {
            throw StoreError.corrupt("an export has an id that is none")
        }
        let sum = RunningSum(made, worker.tools)
        _ = try await worker.objects.put(key, sum.bytes, as: ObjectOptions())
        let (bytes, crc) = await sum.total
        let objects = worker.objects
        return ExportPackage.Content(
            bytes: bytes,
            crc: crc,
            pieces: [{ try await objects.get(key, range: nil).bytes }]
        )
    }
}
