// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import CairnTesting
import Foundation
import Synchronization
import Testing

@Suite("The spool")
struct SpoolTests {
    /// Options under which every event may wait on disk.
    static func options(_ folder: URL) -> RecorderOptions {
        var options = RecorderOptions()
        options.durability = DurabilityPolicy(otherwise: .failOpen)
        var spool = SpoolOptions(folder: folder.appendingPathComponent("spool").path)
        spool.backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(50))
        options.spool = spool
        return options
    }

    static func files(_ folder: URL, endingIn suffix: String) throws -> [String] {
        let spool = folder.appendingPathComponent("spool").path
        return try FileManager.default.contentsOfDirectory(atPath: spool)
            .filter { $0.hasSuffix(suffix) }.sorted().map { spool + "/" + $0 }
    }

    @Test("Events wait on disk while the server is away, and arrive in order once it is back")
    func outage() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appendingPathComponent("data")
            let server = try await AuditServer(store)
            let recorder = try AuditRecorder(
                to: HTTPDestination.patient(server.url),
                options: SpoolTests.options(folder)
            )
            let port = server.port
            try await recorder.whileRunning { recorder in
                let before = try await recorder.record(.sample(by: "before")).get()
                #expect(before.standing == .recorded)
                await server.kill()
                for number in 0..<250 {
                    let receipt = try await recorder.record(.sample(by: "\(number)")).get()
                    #expect(receipt.standing == .spooled)
                }
                let again = try await AuditServer(store, port: port)
                try await eventually("all arrive") { await recorder.spooledEvents == 0 }
                let after = try await recorder.record(.sample(by: "after")).get()
                #expect(after.standing == .recorded)
                let records = try await allRecords(recorder)
                let actors = ["before"] + (0..<250).map { "\($0)" } + ["after"]
                #expect(records.map { $0.event?.actor.id } == actors)
                let names = records.compactMap { $0.event?.externalID }
                let source = try #require(names.first?.split(separator: "/").first)
                #expect(names == (1...250).map { "\(source)/\($0)" })
                await again.kill()
            }
            #expect(recorder.counts.spooled == 250)
            #expect(recorder.counts.recorded == 252)
            #expect(recorder.counts.rejected == 0)
        }
    }

    /// Runs a writer until it has written so many lines, kills it, and gives the ids it told.
    private func killedWriter(
        _ folder: URL,
        _ arguments: [String] = [],
        after lines: Int
    ) async throws -> [String] {
        let output = folder.appendingPathComponent("output-\(UUID().uuidString)")
        let spool = folder.appendingPathComponent("spool").path
        let writer = try BuiltProgram.start(
            "SpoolWriter",
            [spool] + arguments,
            output: output.path
        )
        try await eventually("it writes") {
            let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            return text.count { $0 == "\n" } > lines
        }
        writer.signal(SIGKILL)
        _ = await writer.end()
        let text = try String(contentsOf: output, encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    @Test("Killed while it writes, it has every event that was acknowledged, in order, numbered")
    func kill() async throws {
        try await withTemporaryFolder { folder in
            var acknowledged: [String] = []
            for round in 0..<3 {
                acknowledged += try await killedWriter(folder, after: 60 + 40 * round)
            }
            let memory = MemoryDestination()
            try await drain(into: memory, folder)
            let kept = memory.events.compactMap { $0.id?.text }
            let set = Set(acknowledged)
            #expect(acknowledged.count > 200)
            let isWhole = kept.filter(set.contains) == acknowledged
            #expect(isWhole)
            // One a round at most was written and not told.
            #expect(kept.count <= acknowledged.count + 3)
            let numbers = memory.events.compactMap {
                $0.externalID?.split(separator: "/").last.flatMap { Int($0) }
            }
            let isNumbered = numbers == Array(1...kept.count)
            #expect(isNumbered)
        }
    }

    @Test("Killed while it sends what waits, every event is in the ledger, once and in order")
    func killWhileSending() async throws {
        try await withAuditServer { server, folder in
            var acknowledged: [String] = []
            for round in 0..<4 {
                acknowledged += try await killedWriter(folder, after: 150)
                acknowledged += try await killedWriter(
                    folder,
                    ["--server", server.url],
                    after: 1 + 60 * round
                )
            }
            let recorder = try AuditRecorder(
                to: HTTPDestination.patient(server.url),
                options: SpoolTests.options(folder)
            )
            try await recorder.whileRunning { recorder in
                try await eventually("all arrive") { await recorder.spooledEvents == 0 }
                let kept = try await allRecords(recorder).map(\.id.text)
                let set = Set(acknowledged)
                let isWhole = kept.filter(set.contains) == acknowledged
                #expect(isWhole)
                #expect(Set(kept).count == kept.count)
            }
            #expect(recorder.counts.rejected == 0)
        }
    }

    private func drain(into memory: MemoryDestination, _ folder: URL) async throws {
        try await SpoolTests.drain(into: memory, folder)
    }

    /// Sends all that waits in a folder.
    static func drain(into memory: MemoryDestination, _ folder: URL) async throws {
        let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
        try await recorder.whileRunning { recorder in
            try await eventually("all arrive") { await recorder.spooledEvents == 0 }
        }
    }

    @Test("A tail that is torn at any byte is cut off, and nothing before it is lost")
    func torn() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            var sizes: [Int] = []
            // Once it says how many wait, it has read its folder.
            #expect(await recorder.spooledEvents == 0)
            let segment = try #require(
                try SpoolTests.files(folder, endingIn: ".segment").first
            )
            for number in 0..<3 {
                _ = try await recorder.record(.sample(by: "\(number)")).get()
                sizes.append(try Data(contentsOf: URL(fileURLWithPath: segment)).count)
            }
            await recorder.close()
            let whole = try Data(contentsOf: URL(fileURLWithPath: segment))
            for length in 0..<whole.count {
                try whole.prefix(length).write(to: URL(fileURLWithPath: segment))
                let again = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
                let kept = sizes.count { $0 <= length }
                #expect(await again.spooledEvents == kept, "cut at \(length)")
                _ = try await again.record(.sample(by: "new")).get()
                #expect(await again.spooledEvents == kept + 1, "cut at \(length)")
                await again.close()
                #expect(try SpoolTests.files(folder, endingIn: "damaged").isEmpty)
            }
            try whole.prefix(sizes[1] + 7).write(to: URL(fileURLWithPath: segment))
            memory.goAway(false)
            try await drain(into: memory, folder)
            #expect(memory.events.map(\.actor.id) == ["0", "1"])
        }
    }

    @Test("A spool that is full refuses and says so, and takes events again once some are sent")
    func full() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            var options = SpoolTests.options(folder)
            options.spool?.limitBytes = 4096
            let recorder = try AuditRecorder(to: memory, options: options)
            try await recorder.whileRunning { recorder in
                var spooled = 0
                while case .success = await recorder.record(try .sample(by: "\(spooled)")) {
                    spooled += 1
                }
                #expect(spooled > 5)
                #expect(await recorder.record(try .sample()).code == .spoolFull)
                #expect(await recorder.spooledEvents == spooled)
                memory.goAway(false)
                try await eventually("all arrive") { await recorder.spooledEvents == 0 }
                #expect(memory.events.map(\.actor.id) == (0..<spooled).map { "\($0)" })
                memory.goAway(true)
                #expect(try await recorder.record(.sample()).get().standing == .spooled)
            }
        }
    }

    @Test("A disk that is full is told, and what was acknowledged before is there")
    func diskFull() async throws {
        try await withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("output")
            let spool = folder.appendingPathComponent("spool").path
            let writer = try BuiltProgram.start(
                "SpoolWriter",
                [spool, "--limit", "6000"],
                output: output.path
            )
            #expect(await writer.end() == 0)
            let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
            #expect(lines.last == "refused spool_failed")
            let memory = MemoryDestination()
            try await drain(into: memory, folder)
            #expect(
                memory.events.compactMap { $0.id?.text }
                    == lines.dropLast().map { String($0.split(separator: " ")[1]) }
            )
        }
    }

    @Test("An event that is refused for good goes to a file of its own, and the rest goes on")
    func rejected() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.state.withLock { $0.refused = ["3"] }
            memory.goAway(true)
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            try await recorder.whileRunning { recorder in
                for number in 0..<6 {
                    _ = try await recorder.record(.sample(by: "\(number)")).get()
                }
                memory.goAway(false)
                try await eventually("all are settled") { await recorder.spooledEvents == 0 }
            }
            #expect(memory.events.map(\.actor.id) == ["0", "1", "2", "4", "5"])
            #expect(recorder.counts.rejected == 1)
            let file = try #require(try SpoolTests.files(folder, endingIn: ".ndjson").first)
            let line = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: file))))
            #expect(line["code"] == "invalid_event")
            #expect(line["event"]?["actor"]?["id"] == "3")
            // What is refused while its caller waits is told to the caller, and kept nowhere.
            let direct = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            #expect(await direct.record(try .sample(by: "3")).code == .invalidEvent)
            #expect(await direct.spooledEvents == 0)
            await direct.close()
        }
    }

    @Test("An event whose answer was lost is one record after all")
    func lostAnswer() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.state.withLock { $0.losesAnswers = true }
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            try await recorder.whileRunning { recorder in
                #expect(try await recorder.record(.sample(by: "0")).get().standing == .spooled)
                memory.state.withLock { $0.losesAnswers = false }
                try await eventually("all arrive") { await recorder.spooledEvents == 0 }
            }
            #expect(memory.events.map(\.actor.id) == ["0"])
            #expect(recorder.counts.rejected == 0)
        }
    }

    @Test("Many that record at once are written together, none lost, each with its own number")
    func many() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<40 {
                    group.addTask {
                        for number in 0..<10 {
                            let event = try Event.sample(by: "\(task)-\(number)")
                            _ = try await recorder.record(event).get()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(await recorder.spooledEvents == 400)
            await recorder.close()
            memory.goAway(false)
            try await drain(into: memory, folder)
            #expect(Set(memory.events.map(\.actor.id)).count == 400)
            let numbers = memory.events.compactMap {
                $0.externalID?.split(separator: "/").last.flatMap { Int($0) }
            }
            #expect(numbers == Array(1...400))
            for task in 0..<40 {
                let own = memory.events.map(\.actor.id).filter { $0.hasPrefix("\(task)-") }
                #expect(own == (0..<10).map { "\(task)-\($0)" })
            }
        }
    }

    @Test("A folder is for one recorder at a time")
    func lock() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            let first = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            do throws(ClientError) {
                _ = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
                Issue.record("two have the folder")
            } catch {
                #expect(error.code == .inUse)
            }
            await first.close()
            let second = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            await second.close()
        }
    }

    @Test("D-004-04: what a type of event is promised when the ledger is away goes by the policy")
    func policy() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            var options = SpoolTests.options(folder)
            options.durability = DurabilityPolicy(
                ["data.*": .failOpen, "data.delete": .failClosed, "http.request": .bestEffort],
                otherwise: .failClosed
            )
            options.retry = .once
            let recorder = try AuditRecorder(to: memory, options: options)
            #expect(try await recorder.record(.sample("data.read")).get().standing == .spooled)
            #expect(await recorder.record(try .sample("data.delete")).code == .unavailable)
            #expect(await recorder.record(try .sample("user.login")).code == .unavailable)
            #expect(try await recorder.record(.sample("http.request")).get().standing == .queued)
            await recorder.close()
            #expect(recorder.counts.lost == 1)
            #expect(throws: ClientError.self) {
                options.spool = nil
                _ = try AuditRecorder(to: memory, options: options)
            }
        }
    }
}
