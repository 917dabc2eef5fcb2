// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation
import Synchronization
import Testing

@Suite("What the server refuses of a spool")
struct SpoolRejectionTests {
    /// Records events while the ledger is away, and waits until it has settled them.
    private func settle(
        _ actors: [String],
        _ recorder: AuditRecorder,
        _ memory: MemoryDestination
    ) async throws {
        memory.goAway(true)
        for actor in actors { _ = try await recorder.record(.sample(by: actor)).get() }
        memory.goAway(false)
        try await eventually("all are settled") { await recorder.spooledEvents == 0 }
    }

    /// The actors of the lines of `rejected.ndjson`, nil where a line cannot be read.
    private func rejected(_ folder: URL) throws -> [String?] {
        guard let path = try SpoolTests.files(folder, endingIn: ".ndjson").first else { return [] }
        return try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A).map {
            (try? JSONValue(parsing: Array($0)))?["event"]?["actor"]?["id"]?.string
        }
    }

    @Test("A file of what was refused may be taken away, and a line that was torn spoils no other")
    func file() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.state.withLock { $0.refused = ["1", "2", "3"] }
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            try await recorder.whileRunning { recorder in
                try await settle(["0", "1"], recorder, memory)
                #expect(try rejected(folder) == ["1"])
                let path = try #require(try SpoolTests.files(folder, endingIn: ".ndjson").first)
                try FileManager.default.removeItem(atPath: path)
                try await settle(["2"], recorder, memory)
                #expect(try rejected(folder) == ["2"])
                try Data(#"{"code":"invalid_event","mess"#.utf8)
                    .write(to: URL(fileURLWithPath: path))
                try await settle(["3"], recorder, memory)
                #expect(try rejected(folder) == [nil, "3"])
            }
            #expect(recorder.counts.rejected == 3)
        }
    }

    @Test("What is refused again after a restart is in the file once")
    func once() async throws {
        try await withTemporaryFolder { folder in
            let memory = MemoryDestination()
            memory.state.withLock { ($0.refused, $0.unavailable) = (["1"], ["2"]) }
            memory.goAway(true)
            let recorder = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            try await recorder.whileRunning { recorder in
                for number in 0..<3 {
                    _ = try await recorder.record(.sample(by: "\(number)")).get()
                }
                memory.goAway(false)
                try await eventually("it is refused") { await recorder.spooledEvents == 1 }
            }
            #expect(try rejected(folder) == ["1"])
            memory.state.withLock { $0.unavailable = [] }
            let again = try AuditRecorder(to: memory, options: SpoolTests.options(folder))
            try await again.whileRunning { recorder in
                try await eventually("all are settled") { await recorder.spooledEvents == 0 }
                #expect(try rejected(folder) == ["1"])
                // The same refused another time is another refusal.
                try await settle(["1"], recorder, memory)
            }
            #expect(try rejected(folder) == ["1", "1"])
            #expect(memory.events.map(\.actor.id) == ["0", "2"])
        }
    }
}
