// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Testing

@testable import CairnCommand

/// A ledger of some records, and a worker whose surroundings fail when they are told to.
private struct FaultySetting {
    let setting: ExportSetting
    let objects: FaultyObjectStore
    let queue: FaultyJobQueue
    let worker: ExportWorker

    init(records: Int = 210) async throws {
        setting = try ExportSetting()
        try await setting.record(records, seed: 21)
        objects = FaultyObjectStore(setting.objects)
        queue = FaultyJobQueue(setting.queue)
        worker = setting.worker(partBytes: 20_000, objects: objects, queue: queue)
    }

    /// All that is kept.
    var kept: [String] {
        setting.objects.list(prefix: "", after: nil, limit: 1000).map(\.key.text)
    }

    func job(_ id: String) async throws -> ExportJob {
        try #require(try await setting.exports.job(id, tenant: Tenant.example.name))
    }

    /// Works until nothing is due.
    func work() async {
        while await worker.work() {}
    }

    /// Works, minute by minute, until an export has ended and so many objects are left.
    func finish(_ id: String, leaving count: Int) async throws -> ExportJob {
        for _ in 0..<40 {
            await work()
            let job = try await job(id)
            if job.isFinished, kept.count == count { return job }
            setting.clock.advance(milliseconds: 61_000)
        }
        Issue.record("the export does not end: \(try await job(id).state), \(kept)")
        return try await job(id)
    }

    /// The files of a finished export, which verify.
    func files(of job: ExportJob) async throws -> [String: [UInt8]] {
        let bytes = try await setting.bytes(of: job)
        #expect(job.file?.sha256 == .sha256(bytes))
        return try await withTemporaryFolder { folder in
            let files = try MemoryFiles(archive: bytes, in: folder)
            #expect(await setting.verdict(on: files).faults == [])
            // What is left says who asked, and when.
            return files.contents.filter { name, _ in
                name != Manifest.name && name != "events.xlsx"
            }
        }
    }
}

@Suite("Exports on bad days")
struct ExportFaultTests {
    private static func request(_ format: ExportFormat) -> ExportRequest {
        var request = ExportRequest()
        request.format = format
        request.isAccounted = format == .ndjson
        request.filter = ["outcome": ["success", "failure"]]
        if format.isTable { request.columns = ExportRequest.completeColumns }
        return request
    }

    @Test("An export that takes long holds no other up")
    func besideEachOther() async throws {
        let faulty = try await FaultySetting()
        let long = try await faulty.setting.submit(ExportRequest())
        let short = try await faulty.setting.submit(ExportRequest())
        faulty.objects.hold(long.id)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await faulty.worker.run() }
            while try await faulty.job(short.id).state != .done {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await faulty.job(long.id).state == .running)
            faulty.objects.hold(nil)
            while try await faulty.job(long.id).state != .done {
                try await Task.sleep(for: .milliseconds(5))
            }
            group.cancelAll()
        }
    }

    @Test("One export is made by itself, whatever else waits")
    func alone() async throws {
        let faulty = try await FaultySetting()
        let other = try await faulty.setting.submit(ExportRequest())
        let own = try await faulty.setting.submit(ExportRequest())
        while await faulty.worker.work(on: own.id) {}
        #expect(try await faulty.job(own.id).state == .done)
        #expect(try await faulty.job(other.id).state == .queued)
        #expect(await !faulty.worker.work(on: "nothing"))
    }

    @Test(
        "When a write of an export fails, before or after it is durable, it is made once, and right",
        arguments: [ExportFormat.ndjson, .xlsx],
        WriteFault.allCases
    )
    func everyWrite(format: ExportFormat, fault: WriteFault) async throws {
        let faulty = try await FaultySetting()
        let request = Self.request(format)
        let first = try await faulty.setting.submit(request)
        let peace = try await faulty.finish(first.id, leaving: 1)
        let wanted = try await faulty.files(of: peace)
        let (puts, changes) = (faulty.objects.puts, faulty.queue.changes)
        #expect(puts >= 6 && changes >= 7, "\(puts) puts, \(changes) changes")

        var made = 1
        for number in 0..<puts + changes {
            if number < puts {
                faulty.objects.fail(put: number, fault)
            } else {
                faulty.queue.fail(change: number - puts, fault)
            }
            let asked = try await faulty.setting.submit(request)
            made += 1
            let job = try await faulty.finish(asked.id, leaving: made)
            #expect(job.state == .done, "\(number): \(job.failure ?? "")")
            #expect(job.counts == peace.counts)
            let files = try await faulty.files(of: job)
            #expect(files == wanted, "\(number)")
        }
    }

    @Test("An export for which there is no room fails with the reason, and leaves nothing")
    func full() async throws {
        let faulty = try await FaultySetting()
        for format in [ExportFormat.ndjson, .csv, .xlsx] {
            let request = Self.request(format)
            let first = try await faulty.setting.submit(request)
            let peace = try await faulty.finish(first.id, leaving: 1)
            let bytes = try #require(peace.file?.bytes)
            _ = try await faulty.setting.exports.cancel(first.id, tenant: Tenant.example.name)
            _ = try await faulty.finish(first.id, leaving: 0)
            // In the first part, in later ones, and in the package.
            for share in 0..<7 {
                faulty.objects.limit(to: bytes * UInt64(share) / 4)
                let asked = try await faulty.setting.submit(request)
                let job = try await faulty.finish(asked.id, leaving: 0)
                #expect(job.state == .failed)
                #expect(job.failure == "there is no room left where exports are kept")
                #expect(job.file == nil)
            }
            faulty.objects.limit(to: nil)
            let asked = try await faulty.setting.submit(request)
            let job = try await faulty.finish(asked.id, leaving: 1)
            #expect(job.state == .done)
            _ = try await faulty.setting.exports.cancel(job.id, tenant: Tenant.example.name)
            _ = try await faulty.finish(job.id, leaving: 0)
        }
    }

    @Test("A store of objects that is out of reach for a while holds an export up, and no more")
    func away() async throws {
        let faulty = try await FaultySetting()
        faulty.objects.setAway(true)
        let asked = try await faulty.setting.submit(Self.request(.ndjson))
        for attempt in 1...4 {
            await faulty.work()
            let job = try await faulty.job(asked.id)
            #expect(!job.isFinished && job.attempts == UInt64(attempt))
            // Not at once again, and each time later.
            faulty.setting.clock.advance(milliseconds: Int64(500 << attempt))
            #expect(await !faulty.worker.work())
            faulty.setting.clock.advance(milliseconds: Int64(500 << attempt))
        }
        faulty.objects.setAway(false)
        let job = try await faulty.finish(asked.id, leaving: 1)
        #expect(job.state == .done)
        _ = try await faulty.files(of: job)
    }

    @Test("A store of objects that stays out of reach fails an export, and what is left goes later")
    func lost() async throws {
        let faulty = try await FaultySetting()
        let asked = try await faulty.setting.submit(Self.request(.ndjson))
        // Some parts are made; none of the rest.
        faulty.objects.fail(put: 3, .beforeWrite)
        #expect(await faulty.worker.work())
        #expect(!faulty.kept.isEmpty)
        faulty.objects.setAway(true)
        for _ in 0..<30 where try await !faulty.job(asked.id).isFinished {
            faulty.setting.clock.advance(milliseconds: 301_000)
            await faulty.work()
        }
        let job = try await faulty.job(asked.id)
        #expect(job.state == .failed)
        #expect(job.failure == "something that exports need was out of reach for too long")
        #expect(!faulty.kept.isEmpty)
        faulty.objects.setAway(false)
        _ = try await faulty.finish(asked.id, leaving: 0)
    }
}
