// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Logging
import Synchronization
import Testing

@testable import CairnCommand

/// A ledger in memory, and what exports of it need.
struct ExportSetting {
    let memory = MemoryStore()
    let clock = ManualClock()
    let queue = MemoryJobQueue()
    let objects: MemoryObjectStore
    let ledgers: Ledgers
    let exports: Exports
    let key: NoteVerifierKey
    let tools = ExportToolbox(folder: NSTemporaryDirectory())
    let ids = IDs()

    /// Ids of version 7 in the order in which they are drawn.
    final class IDs: Sendable {
        private let count = Counter()

        func next() -> EventID {
            let number = count.next()
            let digits = String(number, radix: 16)
            let text = "018f6b1e-7c2a-7000-8000-" + String(repeating: "0", count: 12 - digits.count)
            guard let id = try? EventID.parse(text + digits) else { preconditionFailure(text) }
            return id
        }
    }

    /// Numbers from 1.
    private final class Counter: Sendable {
        private let value = Protected(0)
        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    init(limits: Exports.Limits = Exports.Limits()) throws {
        let (memory, clock, ids) = (memory, clock, ids)
        try memory.create(.example)
        try memory.create(.other)
        objects = MemoryObjectStore(now: { clock.now })
        let signer = MemorySigner()
        key = signer.verifierKey(for: Tenant.example.origin)
        ledgers = Ledgers(
            directory: memory,
            store: memory,
            signer: signer,
            vault: nil,
            clock: clock.server
        )
        exports = Exports(
            ledgers: ledgers,
            queue: queue,
            limits: limits,
            now: { clock.now },
            makeID: { ids.next() }
        )
    }

    /// Records so many events that follow from a seed.
    func record(_ count: Int, seed: UInt64) async throws {
        var sampler = EventSampler(seed: seed)
        let ledger = try await ledgers.ledger(of: Tenant.example.name)
        for outcome in await ledger.append(sampler.prepared(count)) {
            if case .failed(let error) = outcome { throw error }
        }
    }

    /// Records so many records of the ledger about itself.
    func recordItself(_ count: Int, seed: UInt64) async throws {
        var sampler = EventSampler(seed: seed)
        let ledger = try await ledgers.ledger(of: Tenant.example.name)
        let prepared = sampler.prepared(count).map { event in
            PreparedEvent(
                id: event.id,
                isFresh: true,
                fields: event.fields,
                seed: event.seed,
                occurredAt: event.occurredAt,
                schema: .ledger
            )
        }
        for outcome in await ledger.append(prepared) {
            if case .failed(let error) = outcome { throw error }
        }
    }

    /// A worker, with parts of so many bytes.
    func worker(
        partBytes: Int = ExportPartMaker.partBytes,
        objects: (any ObjectStore)? = nil,
        queue: (any JobQueue)? = nil
    ) -> ExportWorker {
        let ids = ids
        return ExportWorker(
            ledgers: ledgers,
            store: memory,
            index: memory,
            queue: queue ?? self.queue,
            objects: objects ?? self.objects,
            tools: tools,
            limits: exports.limits,
            partBytes: partBytes,
            clock: clock.server,
            makeID: { ids.next() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Queues an export of the example's ledger.
    func submit(
        _ request: ExportRequest,
        narrowing: Narrowing = Narrowing()
    ) async throws -> ExportJob {
        try await exports.submit(
            request,
            tenant: Tenant.example.name,
            narrowing: narrowing,
            requester: ["kind": "key", "id": "k-1"]
        )
    }

    /// Works until nothing is due.
    func work(partBytes: Int = ExportPartMaker.partBytes) async {
        let worker = worker(partBytes: partBytes)
        while await worker.work() {}
    }

    /// Makes an export, and returns its archive.
    func archive(
        _ request: ExportRequest,
        narrowing: Narrowing = Narrowing(),
        partBytes: Int = 20_000
    ) async throws -> (job: ExportJob, bytes: [UInt8]) {
        let asked = try await submit(request, narrowing: narrowing)
        await work(partBytes: partBytes)
        let job = try #require(try await exports.job(asked.id, tenant: Tenant.example.name))
        #expect(job.state == .done, "\(job.failure ?? "")")
        return (job, try await bytes(of: job))
    }

    /// What can be downloaded of a finished export.
    func bytes(of job: ExportJob) async throws -> [UInt8] {
        let key = try #require(job.fileKey)
        var bytes: [UInt8] = []
        for try await piece in try objects.get(key, range: nil).bytes { bytes += piece }
        return bytes
    }

    /// What an offline verifier says of files.
    func verdict(on files: any ExportFiles) async -> ExportVerdict {
        await ExportVerifier(key: key, tools: tools).verify(files)
    }
}

/// The files of an export in memory.
struct MemoryFiles: ExportFiles {
    var contents: [String: [UInt8]]
    var mayHoldOthers = true

    var files: [(name: String, bytes: UInt64)] {
        contents.map { ($0.key, UInt64($0.value.count)) }
    }

    init(_ contents: [String: [UInt8]]) {
        self.contents = contents
    }

    /// Reads all files of an archive on disk.
    init(archive: [UInt8], in folder: URL) throws {
        let path = folder.appendingPathComponent("export.zip")
        try Data(archive).write(to: path)
        let zip = try ZipFiles(path.path)
        contents = [:]
        for (name, _) in zip.files {
            let read = try zip.open(name)
            var bytes: [UInt8] = []
            while let piece = try read() { bytes += piece }
            contents[name] = bytes
        }
    }

    func open(_ name: String) throws -> PieceReader {
        let content = Protected<[UInt8]?>(contents[name])
        return {
            content.withLock { content in
                defer { content = nil }
                return content?[...]
            }
        }
    }

    /// A file's text.
    func text(_ name: String) -> String { String(decoding: contents[name] ?? [], as: UTF8.self) }

    /// Changes a file, and lets the manifest say so, as a forger would.
    mutating func forge(_ name: String, _ change: (inout [UInt8]) -> Void) {
        var content = contents[name] ?? []
        let old = Digest.sha256(content)
        let oldCount = content.count
        change(&content)
        contents[name] = content
        var manifest = text(Manifest.name)
        manifest = manifest.replacingOccurrences(of: old.hex, with: Digest.sha256(content).hex)
        manifest = manifest.replacingOccurrences(
            of: "\"size\": \(oldCount),",
            with: "\"size\": \(content.count),"
        )
        contents[Manifest.name] = Array(manifest.utf8)
    }
}

/// A value behind a lock.
final class Protected<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func withLock<Result>(_ body: (inout sending Value) throws -> sending Result) rethrows -> Result
    {
        try value.withLock(body)
    }
}
