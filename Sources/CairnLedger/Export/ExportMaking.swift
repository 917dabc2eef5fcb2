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
        let kept = Set(
            job.partNames.flatMap { name in
                ["data", "evidence"].compactMap { job.partKey(name, $0) }
            }
        )
        var last: ObjectKey?
        while let found = try? await worker.objects.list(
            prefix: job.prefix,
            after: last,
            limit: 1000
        ),
            !found.isEmpty
        {
            last = found.last?.key
            // What bears this worker's name is nobody else's.
            for object in found where object.key.text.contains(token) && !kept.contains(object.key)
            {
                try? await worker.objects.delete(object.key)
            }
        }
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
        try await withThrowingTaskGroup(of: Kept.self) { group in
            var number = job.partCount
            while let made = try await maker.part() {
                if let kept = try await group.next() { try await take(kept) }
                let name = ExportJob.partName(number, by: token)
                number += 1
                let job = job
                group.addTask { try await self.keep(made, of: job, as: name) }
            }
            if let kept = try await group.next() { try await take(kept) }
        }
    }

    /// Counts a part that is kept.
    private func take(_ part: Kept) async throws {
        var next = job
        next.add(partBy: token)
        next.data = job.data.adding(part.data, worker.tools)
        next.evidence = job.evidence.adding(part.evidence, worker.tools)
        next.attempts = 0
        (next.next, next.counts) = (part.next, part.counts)
        next.redactionRules = part.redactionRules
        try await lease.keep(next)
        job = next
    }

    private nonisolated func keep(
        _ made: consuming ExportPartMaker.Made,
        of job: ExportJob,
        as name: String
    ) async throws -> Kept {
        let compression = job.request.compression
        // The rows of a workbook are not part of the package.
        let rows: ExportCompression = job.request.format == .xlsx ? .none : compression
        let (bytes, proof) = (made.data, made.evidence)
        async let data = keep(bytes, as: rows, at: job.partKey(name, "data"))
        async let evidence = keep(proof, as: compression, at: job.partKey(name, "evidence"))
        return Kept(
            data: try await data,
            evidence: try await evidence,
            next: made.next,
            counts: made.counts,
            redactionRules: made.redactionRules
        )
    }

    private nonisolated func keep(
        _ bytes: [UInt8],
        as compression: ExportCompression,
        at key: ObjectKey?
    ) async throws -> ExportJob.Sum {
        guard let key else { throw StoreError.corrupt("an export has an id that is none") }
        let packed = try worker.tools.compressed(bytes, as: compression)
        let once = Once(packed)
        _ = try await worker.objects.put(
            key,
            AsyncThrowingStream { once.take() },
            as: ObjectOptions()
        )
        return ExportJob.Sum(
            bytes: UInt64(packed.count),
            crc: worker.tools.crc32(packed, after: 0)
        )
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
            evidence: content("evidence", job.evidence),
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

    private func content(_ file: String, _ sum: ExportJob.Sum) -> ExportPackage.Content {
        let (job, objects) = (job, worker.objects)
        return ExportPackage.Content(
            bytes: sum.bytes,
            crc: sum.crc,
            pieces: job.partNames.map { name in
                {
                    guard let key = job.partKey(name, file) else { throw ObjectError.missing }
                    return try await objects.get(key, range: nil).bytes
                }
            }
        )
    }

    /// What the data file is made of; a workbook is made of its rows first, and kept until then.
    private func dataContent(_ finishedAt: Timestamp) async throws -> ExportPackage.Content {
        let rows = content("data", job.data)
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

/// A part that is kept, and how far the export is with it.
private struct Kept: Sendable {
    let data: ExportJob.Sum
    let evidence: ExportJob.Sum
    let next: UInt64
    let counts: ExportJob.Counts
    let redactionRules: [String]
}
