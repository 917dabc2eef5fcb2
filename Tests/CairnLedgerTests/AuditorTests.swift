// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Auditing a ledger")
struct AuditorTests {
    private static let key = MemorySigner().verifierKey(for: Tenant.example.origin)

    private func audit(
        _ contents: MemoryStore.Contents,
        _ scope: AuditScope = AuditScope()
    ) async throws -> AuditReport {
        let store = MemoryStore()
        try store.create(contents.tenant)
        store.tamper(with: contents.tenant.ledger) { $0 = contents }
        return try await Auditor(tenant: contents.tenant, store: store, keys: [Self.key])
            .audit(scope)
    }

    @Test("A ledger that nobody tampered with holds, and the report says what was relied on")
    func holds() async throws {
        let contents = try await Tampering.contents()
        let report = try await audit(contents)
        #expect(report.faults.isEmpty)
        #expect(report.holds)
        #expect(report.checked == 300)
        #expect(report.size == 300)
        #expect(report.root == contents.head.frontier.root)
        #expect(report.trusted == [.ownHead, .ownCheckpoint])
        #expect(report.erased == 0)
        #expect(report.pruned == 0)
    }

    @Test("An empty ledger holds")
    func empty() async throws {
        try await withLedger { setting in
            let report = try await setting.audit()
            #expect(report.faults.isEmpty)
            #expect(report.root == .emptyRoot)
            #expect(report.trusted == [.ownHead])
        }
    }

    @Test("Tampering is found, with its kind and the first bad index", arguments: Tampering.all)
    func finds(_ tampering: Tampering) async throws {
        var contents = try await Tampering.contents()
        tampering.change(&contents)
        let report = try await audit(contents)
        #expect(!report.holds)
        #expect(report.faults.first?.kind == tampering.kind, "\(report.faults)")
        #expect(report.faults.first?.index == tampering.index, "\(report.faults)")
        #expect(report.faults.map(\.index) == report.faults.map(\.index).sorted())
    }

    @Test(
        "Without contents, leaves and hashes are checked all the same",
        arguments: Tampering.leaves + Tampering.whole + Tampering.heads
    )
    func findsWithoutContents(_ tampering: Tampering) async throws {
        var contents = try await Tampering.contents()
        tampering.change(&contents)
        var scope = AuditScope()
        scope.contents = false
        let report = try await audit(contents, scope)
        #expect(report.faults.first?.kind == tampering.kind, "\(report.faults)")
        #expect(report.faults.first?.index == tampering.index, "\(report.faults)")
    }

    @Test("Without contents, contents are not looked at", arguments: Tampering.fields)
    func ignoresContents(_ tampering: Tampering) async throws {
        var contents = try await Tampering.contents()
        tampering.change(&contents)
        var scope = AuditScope()
        scope.contents = false
        let report = try await audit(contents, scope)
        #expect(report.faults.isEmpty)
    }

    @Test(
        "A part of a ledger is checked as if it were all of it",
        arguments: Tampering.fields + Tampering.columns + Tampering.leaves.prefix(6)
    )
    func parts(_ tampering: Tampering) async throws {
        var contents = try await Tampering.contents()
        tampering.change(&contents)
        let ranges: [(UInt64, UInt64?, Bool)] = [
            (0, 17, false), (0, 18, true), (17, 18, true), (5, 100, true), (40, nil, false),
            (17, nil, true), (40, 90, false), (300, nil, false), (500, 600, false),
        ]
        for (from, to, isFound) in ranges {
            var scope = AuditScope()
            scope.from = from
            scope.to = to
            let report = try await audit(contents, scope)
            let name = "\(from)..<\(to ?? 300): \(report.faults)"
            let isRewritten = tampering.testDescription.contains("all hashes")
            guard !isRewritten || from > 0 else { continue }
            #expect(report.holds == !isFound, "\(name)")
            if isFound { #expect(report.faults.first?.index == tampering.index, "\(name)") }
            let end = min(to ?? 300, 300)
            #expect(report.checked == end - min(from, end), "\(name)")
        }
    }

    @Test("A missing record is found in the part where it should be")
    func missingInPart() async throws {
        var contents = try await Tampering.contents()
        contents.records[50] = nil
        for (from, to, isFound) in [
            (10, 40, false), (40, 60, true), (50, 51, true), (60, 90, false),
        ] {
            var scope = AuditScope()
            (scope.from, scope.to) = (UInt64(from), UInt64(to))
            let report = try await audit(contents, scope)
            #expect(report.holds == !isFound, "\(from)..<\(to)")
            if isFound { #expect(report.faults.first?.kind == .missing) }
        }
    }

    @Test("A checkpoint that the caller holds is compared with, at whatever size")
    func givenCheckpoint() async throws {
        var contents = try await Tampering.contents()
        contents.checkpoints = [:]
        var frontier = Frontier()
        for index: UInt64 in 0..<200 {
            frontier.append(try #require(contents.records[index]).leafHash)
        }
        func report(_ size: UInt64, _ root: Digest, seed: UInt8 = 7) async throws -> AuditReport {
            var scope = AuditScope()
            scope.checkpoint = MemorySigner(seed: seed).sign(
                Checkpoint(origin: contents.tenant.origin, size: size, root: root)
            )
            return try await audit(contents, scope)
        }
        let right = try await report(200, frontier.root)
        #expect(right.faults.isEmpty)
        #expect(right.trusted == [.ownHead, .givenCheckpoint])

        let fork = try await report(200, .emptyRoot)
        #expect(fork.faults.map(\.kind) == [.forked])
        #expect(fork.faults.first?.index == 199)

        let longer = try await report(301, .emptyRoot)
        #expect(longer.faults.map(\.kind) == [.truncated])
        #expect(longer.faults.first?.index == 300)

        let stranger = try await report(200, frontier.root, seed: 99)
        #expect(stranger.faults.map(\.kind) == [.checkpointMismatch])
        #expect(stranger.trusted == [.ownHead])
    }

    @Test("A given checkpoint is compared even by an audit that does not reach its size")
    func unreachedCheckpoint() async throws {
        let contents = try await Tampering.contents()
        var scope = AuditScope()
        scope.checkpoint = MemorySigner().sign(
            Checkpoint(
                origin: contents.tenant.origin,
                size: 300,
                root: contents.head.frontier.root
            )
        )
        (scope.from, scope.to) = (10, 50)
        let part = try await audit(contents, scope)
        #expect(part.holds && part.trusted == [.ownHead, .givenCheckpoint])
        (scope.from, scope.to) = (0, 299)
        let beginning = try await audit(contents, scope)
        #expect(beginning.trusted == [.ownHead, .ownCheckpoint, .givenCheckpoint])
        (scope.from, scope.to) = (0, nil)
        let whole = try await audit(contents, scope)
        scope.checkpoint = MemorySigner().sign(
            Checkpoint(origin: contents.tenant.origin, size: 200, root: .emptyRoot)
        )
        (scope.from, scope.to) = (10, 50)
        let forked = try await audit(contents, scope)
        #expect(forked.faults.map(\.kind) == [.forked])
        #expect(Set(whole.trusted) == [.ownHead, .ownCheckpoint, .givenCheckpoint])
    }

    @Test("However many faults there are, the first hundred are named")
    func manyFaults() async throws {
        var contents = try await Tampering.contents()
        for index: UInt64 in 30..<300 {
            contents.records[index] = contents.records[index]?.replacing(payload: .some(nil))
        }
        let report = try await audit(contents)
        #expect(report.faults.count == Auditor.faultLimit)
        #expect(report.faults.map(\.index) == Array(30..<130))
    }

    @Test("Progress rises to the total")
    func progress() async throws {
        let contents = try await Tampering.contents()
        let store = MemoryStore()
        try store.create(contents.tenant)
        store.tamper(with: contents.tenant.ledger) { $0 = contents }
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt64].self)
        _ = try await Auditor(tenant: contents.tenant, store: store, keys: [Self.key]).audit {
            continuation.yield([$0, $1])
        }
        continuation.finish()
        let steps = await stream.reduce(into: []) { $0.append($1) }
        #expect(steps.map { $0[0] } == [100, 256, 300])
        #expect(steps.allSatisfy { $0[1] == 300 })
    }
}
