// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation
import Testing

@Suite("A spool that was damaged")
struct SpoolDamageTests {
    /// Spools events of the actors 0, 1 and so on; gives the segment and where each event ends.
    private func spool(_ count: Int, _ folder: URL) async throws -> (segment: URL, ends: [Int]) {
        let memory = MemoryDestination()
        memory.goAway(true)
        let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
        var ends: [Int] = []
        var segment = folder
        for number in 0..<count {
            _ = try await recorder.record(.sample(by: "\(number)")).get()
            let path = try #require(try SpoolTests.files(folder, endingIn: ".segment").first)
            segment = URL(fileURLWithPath: path)
            ends.append(try Data(contentsOf: segment).count)
        }
        await recorder.close()
        return (segment, ends)
    }

    private func sources(_ events: [Event]) -> [Substring?] {
        events.map { $0.externalID?.split(separator: "/").first }
    }

    @Test(
        "Damage at any place of an event costs that event alone, is kept in a copy and counted",
        arguments: [0, 2, 3, 7, 11, 15, 19, 20, 60]
    )
    func damaged(offset: Int) async throws {
        try await withTemporaryFolder { folder in
            let (segment, ends) = try await spool(4, folder)
            var bytes = try Data(contentsOf: segment)
            bytes[ends[1] + offset] ^= 1
            try bytes.write(to: segment)
            let memory = MemoryDestination()
            memory.goAway(true)
            let again = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            #expect(await again.spooledEvents == 3)
            #expect(again.counts.damaged == 1)
            _ = try await again.record(.sample(by: "new")).get()
            await again.close()
            let aside = try #require(try SpoolTests.files(folder, endingIn: "damaged").first)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: aside)) == bytes[ends[1]..<ends[2]]
            )
            memory.goAway(false)
            try await SpoolTests.drain(into: memory, folder)
            #expect(memory.events.map(\.actor.id) == ["0", "1", "3", "new"])
            // Under another name the numbers go on, so that what is missing shows.
            let sources = sources(memory.events)
            #expect(sources[0] == sources[2] && sources[2] != sources[3])
            #expect(memory.events[3].externalID?.hasSuffix("/5") == true)
        }
    }

    @Test("An event at the end whose length was damaged is not taken for one that a crash tore")
    func lastLength() async throws {
        try await withTemporaryFolder { folder in
            let (segment, ends) = try await spool(2, folder)
            var bytes = try Data(contentsOf: segment)
            bytes[ends[0] + 2] += 1
            try bytes.write(to: segment)
            let memory = MemoryDestination()
            let again = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            #expect(await again.spooledEvents == 1)
            #expect(again.counts.damaged == 1)
            await again.close()
        }
    }

    @Test("What a crash tore is kept in a copy, too")
    func torn() async throws {
        try await withTemporaryFolder { folder in
            let (segment, ends) = try await spool(2, folder)
            let bytes = try Data(contentsOf: segment)
            try bytes.dropLast(5).write(to: segment)
            let memory = MemoryDestination()
            let again = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            #expect(await again.spooledEvents == 1)
            #expect(again.counts.damaged == 0)
            await again.close()
            let copy = try #require(try SpoolTests.files(folder, endingIn: "torn").first)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: copy)) == bytes[ends[0]...].dropLast(5)
            )
        }
    }

    @Test("A segment whose beginning was damaged still has its events")
    func header() async throws {
        try await withTemporaryFolder { folder in
            let (segment, _) = try await spool(2, folder)
            var bytes = try Data(contentsOf: segment)
            bytes[3] ^= 1
            try bytes.write(to: segment)
            let memory = MemoryDestination()
            try await SpoolTests.drain(into: memory, folder)
            #expect(memory.events.map(\.actor.id) == ["0", "1"])
        }
    }

    @Test("What is damaged while the recorder runs is told, and the events behind it are sent")
    func damagedLater() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            for number in 0..<3 { _ = try await recorder.record(.sample(by: "\(number)")).get() }
            let path = try #require(try SpoolTests.files(folder, endingIn: ".segment").first)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.seek(toOffset: 24 + 30)
            try file.write(contentsOf: Data([0xFF]))
            try file.close()
            memory.goAway(false)
            try await recorder.whileRunning { recorder in
                try await eventually("the rest arrives") { await recorder.spooledEvents == 0 }
                memory.goAway(true)
                _ = try await recorder.record(.sample(by: "new")).get()
                memory.goAway(false)
                try await eventually("it goes on") { await recorder.spooledEvents == 0 }
            }
            #expect(memory.events.map(\.actor.id) == ["1", "2", "new"])
            #expect(recorder.counts.damaged == 1)
            let sources = sources(memory.events)
            #expect(sources[0] == sources[1] && sources[1] != sources[2])
            #expect(try SpoolTests.files(folder, endingIn: "damaged").count == 1)
        }
    }

    @Test("A segment that somebody removed is told, and recording goes on")
    func removed() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.goAway(true)
            var options = SpoolTests.options(folder)
            options.spool?.segmentBytes = 1
            let recorder = try AuditRecorder(to: memory, options: options)
            for number in 0..<3 { _ = try await recorder.record(.sample(by: "\(number)")).get() }
            let paths = try SpoolTests.files(folder, endingIn: ".segment")
            try FileManager.default.removeItem(atPath: paths[2])
            memory.goAway(false)
            try await recorder.whileRunning { recorder in
                try await eventually("the rest arrives") { await recorder.spooledEvents == 0 }
            }
            #expect(memory.events.map(\.actor.id) == ["0", "2"])
            #expect(recorder.counts.damaged == 1)
        }
    }

    @Test("A folder that cannot be read is said of each event that should be kept there")
    func unreadable() async throws {
        try await withTemporaryFolder { folder in
            _ = try await spool(1, folder)
            let source = folder.appendingPathComponent("spool/source")
            try Data("short\n".utf8).write(to: source)
            let memory = MemoryDestination()
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            #expect(try await recorder.record(.sample()).get().standing == .recorded)
            memory.goAway(true)
            #expect(await recorder.record(try .sample()).code == .spoolFailed)
            await recorder.close()
        }
    }

    @Test("A folder that is a link, or that others may write to, is refused")
    func foreign() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            let options = SpoolTests.options(folder)
            let spool = folder.appendingPathComponent("spool")
            let manager = FileManager.default
            try manager.createDirectory(at: spool, withIntermediateDirectories: false)
            try manager.setAttributes([.posixPermissions: 0o777], ofItemAtPath: spool.path)
            #expect(throws: ClientError.self) { try AuditRecorder(to: memory, options: options) }
            try manager.setAttributes([.posixPermissions: 0o750], ofItemAtPath: spool.path)
            let other = folder.appendingPathComponent("other")
            try manager.moveItem(at: spool, to: other)
            try manager.createSymbolicLink(at: spool, withDestinationURL: other)
            #expect(throws: ClientError.self) { try AuditRecorder(to: memory, options: options) }
            var slashed = options
            slashed.spool?.folder += "/"
            #expect(throws: ClientError.self) { try AuditRecorder(to: memory, options: slashed) }
            try manager.removeItem(at: spool)
            try manager.moveItem(at: other, to: spool)
            let recorder = try AuditRecorder(to: memory, options: options)
            await recorder.close()
        }
    }
}
