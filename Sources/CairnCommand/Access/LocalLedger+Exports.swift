// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnLocal
import CairnServer
import Logging
import Synchronization

/// What exports of a store need, opened when it is first asked for.
actor LocalExports {
    private let open: Composition.OpenStore
    private let ledgers: Ledgers
    private var objects: Composition.OpenObjects?

    init(_ open: Composition.OpenStore, _ ledgers: Ledgers) {
        self.open = open
        self.ledgers = ledgers
    }

    /// Exports of the store, and what makes them in this process.
    func making() async throws -> (services: ExportServices, worker: ExportWorker) {
        let logger = Logger(label: "cairn.exports") { label in
            JSONLogHandler(label: label, level: .warning, now: Composition.now) {
                Terminal.complain($0)
            }
        }
        let opened: Composition.OpenObjects
        if let objects {
            opened = objects
        } else {
            opened = try await Composition.openObjects(of: open)
            objects = opened
        }
        return Composition.exports(
            of: open,
            ledgers: ledgers,
            objects: opened.store,
            logger: logger
        )
    }

    /// Where the files are, if that is a folder of this machine.
    var files: FileObjectStore? { objects?.files }

    /// Lets go of connections.
    func close() async throws {
        try await objects?.close()
        objects = nil
    }
}

extension LocalLedger {
    private func making() async throws -> (services: ExportServices, worker: ExportWorker) {
        try await local.making()
    }

    func submitExport(_ request: JSONObject) async throws -> JSONValue {
        let asked: ExportRequest
        let making = try await making()
        do {
            asked = try ExportRequest(request)
            _ = try making.services.tools.encoder(for: asked)
        } catch {
            throw CommandFailure.badInput("\(error.member): \(error.rule)")
        }
        do {
            try await making.services.exports.admit(ledger.tenant.name)
            let job = try await making.services.exports.submit(
                asked,
                tenant: ledger.tenant.name,
                narrowing: Narrowing(),
                requester: ["kind": "operator", "id": "console"]
            )
            return .object(job.json)
        } catch Exports.Refusal.tooMany(let limit) {
            throw CommandFailure.badInput("there are \(limit) exports that wait or run already")
        } catch Exports.Refusal.tooMuch(let bytes) {
            throw CommandFailure.badInput("exports have \(bytes >> 30) GiB already: cancel one")
        }
    }

    func export(_ id: String) async throws -> JSONValue {
        .object(try await job(id, try await making().services).json)
    }

    private func job(_ id: String, _ services: ExportServices) async throws -> ExportJob {
        guard let job = try await services.exports.job(id, tenant: ledger.tenant.name) else {
            throw CommandFailure.badInput("there is no export \(id)")
        }
        return job
    }

    func exports() async throws -> [JSONValue] {
        let services = try await making().services
        return try await services.exports.jobs(
            tenant: ledger.tenant.name,
            before: nil,
            limit: 1000
        ).map { .object($0.json) }
    }

    func cancelExport(_ id: String) async throws -> JSONValue {
        let services = try await making().services
        guard let job = try await services.exports.cancel(id, tenant: ledger.tenant.name) else {
            throw CommandFailure.badInput("there is no export \(id)")
        }
        return .object(job.json)
    }

    func finishExport(
        _ id: String,
        progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws -> JSONValue {
        let (services, worker) = try await making()
        // A folder is this process' alone; who had the job is gone.
        if !open.store.isShared { await worker.releaseAll() }
        let ending = Ending()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !ending.hasCome {
                    if await !worker.work(on: id) { try await Task.sleep(for: .milliseconds(50)) }
                }
            }
            defer { ending.come() }
            while true {
                let job = JSONValue.object(try await job(id, services).json)
                progress(job.exportProgress.checked, job.exportProgress.total)
                if job.hasEnded { return job }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    func releaseExport(_ id: String) async throws {
        let (services, worker) = try await making()
        // There is nobody else to fetch it.
        _ = try await services.exports.cancel(id, tenant: ledger.tenant.name)
        while await worker.work(on: id) {}
    }

    func placeExport(_ id: String, at path: String) async throws -> Bool {
        let services = try await making().services
        guard let files = await local.files, let key = try await job(id, services).fileKey else {
            return false
        }
        do {
            return try await files.link(key, to: path)
        } catch {
            throw CommandFailure.unavailable("the export cannot be read: \(error)")
        }
    }

    func downloadExport(
        _ id: String,
        from offset: UInt64,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let services = try await making().services
        guard let key = try await job(id, services).fileKey else {
            throw CommandFailure.badInput("there is no export \(id)")
        }
        do {
            let found = try await services.objects.get(key, range: offset..<UInt64(Int64.max))
            for try await piece in found.bytes { try write(piece) }
        } catch let error as ObjectError {
            throw CommandFailure.unavailable("the export cannot be read: \(error)")
        }
    }
}

/// Says to others that something is over.
private final class Ending: Sendable {
    private let value = Mutex(false)

    var hasCome: Bool { value.withLock { $0 } }

    func come() {
        value.withLock { $0 = true }
    }
}
