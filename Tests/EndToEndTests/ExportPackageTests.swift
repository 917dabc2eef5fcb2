// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Testing

@testable import CairnCommand

@Suite("Exports that prove themselves")
struct ExportPackageTests {
    private static let forms: [(ExportFormat, ExportCompression)] = [
        (.ndjson, .none), (.ndjson, .gzip), (.ndjson, .zstd), (.json, .none), (.json, .zstd),
        (.csv, .none), (.csv, .gzip), (.xlsx, .none),
    ]

    @Test("Whatever is asked for, the package holds what matches, and proves it")
    func anyRequest() async throws {
        let setting = try ExportSetting()
        for part in 0..<7 {
            try await setting.record(90, seed: 1 + UInt64(part))
            // What the ledger records of itself is in between.
            try await setting.recordItself(10, seed: 100 + UInt64(part))
        }
        var sampler = EventSampler(seed: 2)
        try await withTemporaryFolder { folder in
            for number in 0..<60 {
                var request = ExportRequest()
                (request.format, request.compression) = Self.forms[number % Self.forms.count]
                request.isAccounted = number % 3 == 0
                request.filter = number < 8 ? JSONObject() : sampler.query().filter
                if number % 5 == 3 {
                    request.filter["schema"] = number % 2 == 0 ? "event/1" : "ledger/1"
                }
                guard let query = try? request.query() else { continue }
                let (job, bytes) = try await setting.archive(request)
                let files = try MemoryFiles(archive: bytes, in: folder)
                let verdict = await setting.verdict(on: files)
                #expect(verdict.faults == [], "\(request)")
                let stored = try await setting.memory.records(
                    in: Tenant.example.ledger,
                    at: 0..<700,
                    contents: true
                )
                let matching = stored.filter { query.matches($0) }
                #expect(verdict.counts.matched == UInt64(matching.count))
                #expect(verdict.counts.total == UInt64(job.range.count))
                #expect(job.file?.bytes == UInt64(bytes.count))
                #expect(job.file?.sha256 == .sha256(bytes))
                if request.format == .ndjson, request.compression == .none {
                    let lines = files.text(job.request.dataName).split(separator: "\n")
                    #expect(lines.count == matching.count)
                    for (line, record) in zip(lines, matching) {
                        #expect(line.contains(record.id.text))
                    }
                }
                if request.isAccounted, verdict.counts.notMatched > 0 {
                    #expect(verdict.proven.contains { $0.contains("was left out") })
                }
            }
        }
    }

    @Test("A filter that matches nothing makes a valid, verifiable, empty export")
    func empty() async throws {
        let setting = try ExportSetting()
        try await withTemporaryFolder { folder in
            for count in [0, 1, 300] {
                if count > 0 { try await setting.record(count, seed: UInt64(count)) }
                for (format, compression) in Self.forms {
                    var request = ExportRequest()
                    (request.format, request.compression) = (format, compression)
                    request.filter = ["type": "no.such.type"]
                    let (_, bytes) = try await setting.archive(request)
                    let verdict = await setting.verdict(
                        on: try MemoryFiles(archive: bytes, in: folder)
                    )
                    #expect(verdict.faults == [], "\(format) \(compression)")
                    #expect(verdict.counts.matched == 0)
                }
            }
        }
    }

    @Test("A flipped byte in any file is told by the file's name")
    func flips() async throws {
        let setting = try ExportSetting()
        try await setting.record(40, seed: 3)
        var generator = SeededGenerator(seed: 4)
        try await withTemporaryFolder { folder in
            for (format, compression) in [
                (ExportFormat.csv, ExportCompression.none), (.ndjson, .gzip),
            ] {
                var request = ExportRequest()
                (request.format, request.compression) = (format, compression)
                request.isAccounted = true
                request.filter = ["type": ["user.*"]]
                let (_, bytes) = try await setting.archive(request)
                let files = try MemoryFiles(archive: bytes, in: folder)
                for (name, content) in files.contents {
                    for _ in 0..<40 {
                        var damaged = files
                        let place = generator.below(content.count)
                        damaged.contents[name]?[place] ^= 1 << UInt8(generator.below(8))
                        let verdict = await setting.verdict(on: damaged)
                        // What the manifest tells of who asked, and when, is signed by nobody.
                        guard name != Manifest.name else { continue }
                        #expect(
                            verdict.faults.contains { $0.file == name },
                            "\(name) at \(place): \(verdict.faults)"
                        )
                    }
                    var missing = files
                    missing.contents[name] = nil
                    let verdict = await setting.verdict(on: missing)
                    #expect(verdict.faults.contains { $0.file == name })
                    var short = files
                    short.contents[name]?.removeLast()
                    #expect(await !setting.verdict(on: short).holds || name == Manifest.name)
                }
            }
        }
    }

    @Test("Who forges files and manifest alike is found out all the same")
    func forgeries() async throws {
        let setting = try ExportSetting()
        try await setting.record(60, seed: 5)
        try await withTemporaryFolder { folder in
            var request = ExportRequest()
            request.isAccounted = true
            request.filter = ["outcome": ["success"]]
            let (_, bytes) = try await setting.archive(request)
            let files = try MemoryFiles(archive: bytes, in: folder)
            #expect(await setting.verdict(on: files).holds)
            let evidence = files.text("records.ndjson").split(separator: "\n").map(String.init)
            let shown = try #require(evidence.firstIndex { $0.contains("previous_hash") })
            let withheld = try #require(evidence.firstIndex { $0.contains("\"withheld\"") })

            func forged(_ change: (inout [String]) -> Void) async -> ExportVerdict {
                var files = files
                files.forge("records.ndjson") { bytes in
                    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                        .map(String.init)
                    change(&lines)
                    bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
                }
                return await setting.verdict(on: files)
            }
            // The forger's own way changes nothing by itself.
            #expect(await forged { _ in }.holds)
            let others: [(String, (inout [String]) -> Void)] = [
                ("a record taken out", { $0.remove(at: shown) }),
                ("a withheld one taken out", { $0.remove(at: withheld) }),
                ("two exchanged", { $0.swapAt(10, 11) }),
                ("one twice", { $0.insert($0[10], at: 10) }),
                ("the end cut off", { $0.removeLast() }),
                (
                    "a match withheld",
                    { lines in
                        lines[shown] = Self.withholding(lines[shown])
                    }
                ),
                (
                    "another condition",
                    {
                        $0[withheld] = $0[withheld].replacingOccurrences(
                            of: "\"withheld\":\"outcome\"",
                            with: "\"withheld\":\"type\""
                        )
                    }
                ),
                (
                    "another value",
                    {
                        $0[shown] = $0[shown].replacingOccurrences(
                            of: "\\\"success\\\"",
                            with: "\\\"failure\\\""
                        )
                    }
                ),
                (
                    "a field taken out",
                    { lines in
                        lines[shown] = Self.withoutOutcome(lines[shown])
                    }
                ),
                (
                    "another chain",
                    { lines in
                        let hash = lines[shown].components(separatedBy: "\"previous_hash\":\"")[1]
                        lines[shown] = lines[shown].replacingOccurrences(
                            of: hash.prefix(64),
                            with: String(repeating: "0", count: 64)
                        )
                    }
                ),
                (
                    "undecidable",
                    { lines in
                        let leaf = Self.leaf(of: lines[shown])
                        lines[shown] =
                            "{\"index\":\(shown),\"undecidable\":\"pruned\",\"leaf\":\"\(leaf)\"}"
                    }
                ),
            ]
            for (name, change) in others {
                let verdict = await forged(change)
                #expect(!verdict.holds, "\(name)")
            }
            var data = files
            data.forge("events.ndjson") { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                bytes = Array(text.replacingOccurrences(of: "success", with: "failure").utf8)
            }
            let verdict = await setting.verdict(on: data)
            #expect(verdict.faults.map(\.file) == ["events.ndjson"])
            var other = files
            other.forge(Manifest.checkpointName) { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                bytes = Array(text.replacingOccurrences(of: "\n60\n", with: "\n61\n").utf8)
            }
            #expect(await setting.verdict(on: other).faults.map(\.file) == ["checkpoint"])
        }
    }

    /// A line that shows a record, with the outcome's digest in place of its value.
    private static func withoutOutcome(_ line: String) -> String {
        let pattern = /\{"path":"outcome","salt":"([^"]*)","value":"([^}]*)"\}/
        guard let match = line.firstMatch(of: pattern),
            let salt = Digest(base64URL: String(match.output.1))
        else { return "" }
        let value = match.output.2.replacingOccurrences(of: "\\\"", with: "\"")
        let digest = Commitment.digest(salt: salt, value: Array(value.utf8))
        return line.replacingOccurrences(
            of: match.output.0,
            with: "{\"path\":\"outcome\",\"digest\":\"\(digest.base64URL)\"}"
        )
    }

    private static func leaf(of line: String) -> String {
        let parts = line.components(separatedBy: "\"leaf\":\"")
        return parts[1].components(separatedBy: "\"")[0]
    }

    /// A line that shows a record, made into one that withholds it for its outcome.
    private static func withholding(_ line: String) -> String {
        let start = line.range(of: ",\"previous_hash\"")
        let end = line.range(of: ",\"leaf\"")
        guard let start, let end else { return line }
        return line.replacingCharacters(
            in: start.lowerBound..<end.lowerBound,
            with: ",\"withheld\":\"outcome\""
        )
    }

    @Test("What a manifest says is held against what was asked for, and cannot break the verifier")
    func manifests() async throws {
        let setting = try ExportSetting()
        try await setting.record(20, seed: 9)
        try await withTemporaryFolder { folder in
            let (_, bytes) = try await setting.archive(ExportRequest())
            let files = try MemoryFiles(archive: bytes, in: folder)
            let huge = "\(Int64.max)"
            for (old, new) in [
                ("\"from\": 0", "\"from\": 3"), ("\"to\": 20", "\"to\": 8"),
                ("\"matched\": 20", "\"matched\": \(huge)"),
                ("\"not_matched\": 0", "\"not_matched\": \(huge)"),
                ("\"filter\": {}", "\"filter\": {\"index_to\": 8}"),
                ("\"accounted\": false", "\"accounted\": 1"),
            ] {
                var forged = files
                let text = files.text(Manifest.name)
                #expect(text.contains(old))
                forged.contents[Manifest.name] = Array(
                    text.replacingOccurrences(of: old, with: new).utf8
                )
                #expect(await setting.verdict(on: forged).faults.map(\.file) == [Manifest.name])
            }
            var readme = files
            readme.forge(Manifest.readmeName) { $0 += Array("It was confirmed.\n".utf8) }
            #expect(await setting.verdict(on: readme).faults.map(\.file) == [Manifest.readmeName])
            var archive = files
            archive.mayHoldOthers = false
            #expect(await setting.verdict(on: archive).holds)
            archive.contents["../x"] = [1]
            #expect(await setting.verdict(on: archive).faults.map(\.file) == ["../x"])
        }
    }

    @Test("An archive that reads otherwise from its beginning than from its end is no export")
    func archives() async throws {
        let setting = try ExportSetting()
        try await setting.record(5, seed: 10)
        try await withTemporaryFolder { folder in
            let (_, bytes) = try await setting.archive(ExportRequest())
            let path = folder.appendingPathComponent("changed.zip").path
            func isRefused(_ bytes: [UInt8]) throws -> Bool {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                return (try? ZipFiles(path)) == nil
            }
            #expect(try !isRefused(bytes))
            // The first header's name, check sum and length; a byte before it; one behind the list.
            for place in [14, 18, 30] {
                var changed = bytes
                changed[place] ^= 1
                #expect(try isRefused(changed), "byte \(place)")
            }
            #expect(try isRefused([0] + bytes))
            #expect(try isRefused(bytes + [0]))
            #expect(try isRefused(Array(bytes.dropLast())))
        }
    }

    @Test("Files of any length come back from their compression, and none takes more memory")
    func compressions() throws {
        for compression in [ExportCompression.gzip, .zstd] {
            let tools = ExportToolbox(folder: "")
            for count in [0, 1, 262_143, 262_144, 262_145, 524_288, 3_000_000] {
                var generator = SeededGenerator(seed: UInt64(count))
                let line = generator.bytes(997)
                let plain = (0..<count).map { line[$0 % 997] }
                let packed = try tools.compressed(plain, as: compression)
                for pieceBytes in [packed.count, 1000, 7] where pieceBytes > 7 || count < 2 {
                    let reader = tools.decompressor(of: compression)
                    var output: [UInt8] = []
                    var rest = packed[...]
                    while true {
                        let step = try reader.next(rest.prefix(pieceBytes))
                        #expect(step.output.count <= 256 << 10)
                        output += step.output
                        rest = rest.dropFirst(step.consumed)
                        if rest.isEmpty, step.output.isEmpty { break }
                    }
                    #expect(output == plain && reader.isComplete, "\(compression) \(count)")
                }
            }
        }
    }

    @Test("Who is shown a part of the ledger exports that part, and no hash is missing")
    func narrowed() async throws {
        let setting = try ExportSetting()
        try await setting.record(300, seed: 6)
        try await withTemporaryFolder { folder in
            var narrowing = Narrowing()
            narrowing.types = ["user.*"]
            let (_, bytes) = try await setting.archive(ExportRequest(), narrowing: narrowing)
            let files = try MemoryFiles(archive: bytes, in: folder)
            let verdict = await setting.verdict(on: files)
            #expect(verdict.faults == [])
            #expect(verdict.counts.matched > 0 && verdict.counts.notMatched > 0)
            for line in files.text("events.ndjson").split(separator: "\n") {
                let record = try JSONValue(parsing: Array(line.utf8))
                #expect(record["type"]?.string?.hasPrefix("user.") == true)
            }
        }
    }

    @Test("Records that come while an export is made are not in it")
    func snapshot() async throws {
        let setting = try ExportSetting()
        try await setting.record(100, seed: 7)
        let job = try await setting.submit(ExportRequest())
        try await setting.record(50, seed: 8)
        await setting.work()
        try await withTemporaryFolder { folder in
            let done = try #require(
                try await setting.exports.job(job.id, tenant: Tenant.example.name)
            )
            let files = try MemoryFiles(archive: try await setting.bytes(of: done), in: folder)
            let verdict = await setting.verdict(on: files)
            #expect(verdict.faults == [])
            #expect(verdict.counts.matched == 100)
            #expect(verdict.checkpoint?.size == 100)
        }
    }
}
