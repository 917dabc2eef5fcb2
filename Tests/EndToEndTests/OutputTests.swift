// SPDX-License-Identifier: Apache-2.0
import Cairn
import Logging
import Synchronization
import Testing

@testable import CairnCommand

@Suite("What people and machines are shown")
struct OutputTests {
    @Test("A caller's text cannot steer the terminal")
    func controls() {
        #expect(
            Terminal.shown("a\u{1B}[2Jb\r\nc\u{202E}d") == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c\u{FFFD}d"
        )
        var table = Table(["A", "B"])
        table.append(["\u{1B}[31m", "x"])
        #expect(!table.rendered(columns: 80).contains("\u{1B}"))
    }

    @Test("A table's columns line up, and a line that is too long is cut")
    func table() {
        var table = Table(["ID", "NAME"])
        table.append(["1", "é"])
        table.append(["100", "long name"])
        #expect(table.rendered(columns: .max) == "ID   NAME\n1    é\n100  long name")
        #expect(table.rendered(columns: 8) == "ID   NA…\n1    é\n100  lo…")
    }

    @Test("A progress bar tells share, rate and time left")
    func bar() {
        let bar = ProgressBar("records", isShown: false)
        #expect(
            bar.line(50, of: 200, after: .seconds(10))
                == "[=======                       ] 25% 50/200 records, 5/s, 0:30 left"
        )
        #expect(bar.line(50, of: nil, after: .seconds(10)) == "50 records, 5/s")
        #expect(bar.line(0, of: 0, after: .zero) == "0 records, 0/s")
    }

    @Test("A line of the log is one JSON object with time, level, message and metadata")
    func log() throws {
        let lines = LogLines()
        var handler = JSONLogHandler(
            label: "test",
            level: .info,
            now: { .epoch },
            write: { lines.append($0) }
        )
        handler[metadataKey: "own"] = "a\nb"
        handler.log(
            event: LogEvent(
                level: .error,
                message: "it broke",
                metadata: ["list": ["x", "y"]],
                source: nil,
                file: "",
                function: "",
                line: 1
            )
        )
        #expect(
            lines.all == [
                #"{"time":"1970-01-01T00:00:00.000Z","level":"error","logger":"test","#
                    + #""message":"it broke","metadata":{"list":["x","y"],"own":"a\nb"}}"#
            ]
        )
    }

    @Test("Only addresses of this machine are loopback")
    func loopback() {
        for host in ["127.0.0.1", "127.255.0.3", "localhost", "::1", "[::1]"] {
            #expect(Settings.isLoopback(host), "\(host)")
        }
        for host in ["", "127.0.0", "127.0.0.1.", "127.0.0.256", "1127.0.0.1", "::", "0.0.0.0"] {
            #expect(!Settings.isLoopback(host), "\(host)")
        }
    }

    @Test("Made-up events are valid, about 500 bytes, and the same for the same seed")
    func samples() throws {
        var first = SampleEvents(seed: 1)
        var again = SampleEvents(seed: 1)
        var actors: [String: Int] = [:]
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            first.append(to: &bytes)
            #expect((400...600).contains(bytes.count))
            let event = try bytes.withUnsafeBytes { try Event(parsing: $0) }
            actors[event.actor.id, default: 0] += 1
            var same: [UInt8] = []
            again.append(to: &same)
            #expect(same == bytes)
        }
        let most = actors.values.max() ?? 0
        #expect(actors["u-0"] == most)
        #expect(actors.count > 300)
    }
}

/// Lines that were written.
private final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}
