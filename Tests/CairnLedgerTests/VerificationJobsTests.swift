// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnTesting
import Testing

@testable import CairnLedger

@Suite("Verifications of several servers")
struct VerificationJobsTests {
    private static let tenant = Tenant.example.name

    @Test("Workers on one queue never carry out one job at once, and leave none")
    func once() async throws {
        let setting = try await VerificationSetting(tenants: 4)
        let servers = [setting.server(), setting.server()]
        var jobs: [VerificationJob] = []
        for number in 0..<40 {
            let tenant = Tenant.numbered(UInt64(number % 4)).name
            jobs.append(try await servers[number % 2].submit(AuditScope(), tenant: tenant))
        }
        let carriedOut = await withTaskGroup(of: [String].self) { group in
            for server in servers + servers { group.addTask { await server.work() } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(carriedOut.sorted() == jobs.map(\.id))
        for job in jobs {
            let kept = try setting.kept(job)
            #expect(kept.state == .done && kept.report?.holds == true && kept.begun == 1)
        }
    }

    @Test("Of one tenant as many run at once as may, and others are not held up")
    func fair() async throws {
        let setting = try await VerificationSetting(tenants: 2)
        let server = setting.server()
        for _ in 0..<3 { _ = try await server.submit(AuditScope(), tenant: Self.tenant) }
        let other = try await server.submit(AuditScope(), tenant: Tenant.other.name)
        let first = await server.worker.take()
        let second = await server.worker.take()
        let third = await server.worker.take()
        #expect(first?.tenant == Self.tenant && second?.id == other.id && third == nil)
    }

    @Test("A job whose worker is gone is carried out by another, when its lease is over")
    func gone() async throws {
        let setting = try await VerificationSetting()
        let (gone, other) = (setting.server(), setting.server())
        let job = try await gone.submit(AuditScope(), tenant: Self.tenant)
        for isBegun in [false, true] {
            if isBegun {
                _ = try await setting.begin(gone)
            } else {
                #expect(await gone.worker.take() != nil)
            }
            #expect(await other.work() == [])
            setting.clock.advance(milliseconds: 29_999)
            #expect(await other.work() == [])
            setting.clock.advance(milliseconds: 1)
        }
        #expect(try await other.job(job.id, tenant: Self.tenant)?.state == .running)
        #expect(await other.work() == [job.id])
        let done = try setting.kept(job)
        #expect(done.state == .done && done.begun == 2)
    }

    @Test("A worker that comes back too late changes nothing")
    func late() async throws {
        let setting = try await VerificationSetting()
        let (late, other) = (setting.server(), setting.server())
        let job = try await late.submit(AuditScope(), tenant: Self.tenant)
        let taken = try #require(await late.worker.take())
        setting.outlast()
        #expect(await other.work() == [job.id])
        let done = try setting.kept(job)
        setting.clock.advance(milliseconds: 5)
        await late.worker.carryOut(taken)
        #expect(try setting.kept(job) == done)
        #expect(await other.work() == [])
    }

    @Test("A job that ends its server each time is not begun for ever")
    func poison() async throws {
        let setting = try await VerificationSetting()
        let server = setting.server()
        let job = try await server.submit(AuditScope(), tenant: Self.tenant)
        for _ in 0..<VerificationWorker.begins {
            _ = try await setting.begin(server)
            setting.outlast()
        }
        #expect(await server.work() == [job.id])
        let failed = try setting.kept(job)
        #expect(failed.state == .failed)
        #expect(failed.failure == "it was begun too often without coming to an end")
    }

    @Test("A server that is to end gives its job back, and the next one begins at once")
    func handedOn() async throws {
        let setting = try await VerificationSetting()
        let (ending, next) = (setting.server(), setting.server())
        setting.store.holdReads()
        let job = try await ending.submit(AuditScope(), tenant: Self.tenant)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await ending.run() }
            try await wait { setting.store.heldReads > 0 }
            #expect(try setting.kept(job).state == .running)
            group.cancelAll()
            setting.store.release()
        }
        let waiting = try setting.kept(job)
        #expect(waiting.state == .queued && waiting.begun == 0)
        #expect(await next.work() == [job.id])
        #expect(try setting.kept(job).state == .done)
    }

    @Test("A job that is called off stays so, whether it waits, is taken or runs")
    func cancelled() async throws {
        let setting = try await VerificationSetting()
        let (server, other) = (setting.server(), setting.server())
        for isTaken in [false, true] {
            let job = try await server.submit(AuditScope(), tenant: Self.tenant)
            let taken = isTaken ? await server.worker.take() : nil
            let cancelled = try await other.cancel(job.id, tenant: Self.tenant)
            #expect(cancelled?.state == .cancelled)
            if let taken { await server.worker.carryOut(taken) }
            #expect(await server.work() == [])
            #expect(try setting.kept(job) == cancelled)
        }
        setting.store.holdReads()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let job = try await server.submit(AuditScope(), tenant: Self.tenant)
            try await wait { setting.store.heldReads > 0 }
            let cancelled = try await server.cancel(job.id, tenant: Self.tenant)
            setting.store.release()
            let next = try await server.submit(AuditScope(), tenant: Self.tenant)
            try await wait { try setting.kept(next).isFinished }
            #expect(try setting.kept(job) == cancelled)
            group.cancelAll()
        }
    }

    @Test(
        "When a write of a verification fails, before or after it is durable, it comes to a verdict",
        arguments: WriteFault.allCases
    )
    func everyWrite(fault: WriteFault) async throws {
        let setting = try await VerificationSetting()
        let queue = FaultyJobQueue(setting.queue)
        let server = setting.server(queue: queue)
        _ = try await server.submit(AuditScope(), tenant: Self.tenant)
        await server.work()
        let changes = queue.changes
        #expect(changes >= 4)
        for number in 0..<changes {
            let job = try await server.submit(AuditScope(), tenant: Self.tenant)
            queue.fail(change: number, fault)
            for _ in 0..<4 {
                await server.work()
                setting.outlast()
            }
            let kept = try setting.kept(job)
            #expect(kept.state == .done && kept.report?.holds == true, "\(number)")
            #expect(kept.begun <= 2, "\(number)")
        }
    }

    @Test("However many ask at once, no more wait than may")
    func places() async throws {
        let setting = try await VerificationSetting(tenants: 2)
        var limits = VerificationJobs.Limits()
        (limits.tenantQueued, limits.queued) = (7, 10)
        let server = setting.server(limits: limits)
        for (tenant, places) in [(Tenant.example, 7), (.other, 3)] {
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        (try? await server.submit(AuditScope(), tenant: tenant.name)) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(accepted == places)
        }
    }

    @Test("What one server finds out, the others tell")
    func told() async throws {
        let setting = try await VerificationSetting(tenants: 2)
        let (server, other) = (setting.server(), setting.server())
        let job = try await server.submit(AuditScope(), tenant: Self.tenant)
        var part = AuditScope()
        part.from = 1
        for _ in 0..<25 {
            _ = try await server.submit(part, tenant: Self.tenant)
            await server.work()
        }
        let verdict = try await other.lastVerdict(tenant: Self.tenant)
        #expect(verdict?.id == job.id && verdict?.report?.size == 3)
        #expect(try await other.lastVerdict(tenant: Tenant.other.name) == nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await other.run() }
            try await wait { other.census().states[.done] == 26 }
            #expect(other.census().lastHolding == verdict?.finishedAt)
            group.cancelAll()
        }
    }
}
