// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Testing

@testable import CairnCommand

/// The exports that are kept under `Tests/Vectors/exports`, for whoever checks them without Cairn.
@Suite("Samples of exports")
struct ExportSampleTests {
    private static let folder = CairnBinary.repository
        .appendingPathComponent("Tests/Vectors/exports")
    private static let update = ProcessInfo.processInfo.environment["CAIRN_UPDATE_GOLDEN"] == "1"

    @Test("The samples verify, and are what an export gives today")
    func samples() async throws {
        let setting = try ExportSetting()
        // So that what is received at a time can be asked for.
        for number in 0..<4 {
            setting.clock.advance(milliseconds: 1000)
            try await setting.record(9, seed: UInt64(100 + number))
        }
        let start = ManualClock.start
        var accounted = ExportRequest()
        accounted.name = "accounted"
        accounted.isAccounted = true
        accounted.filter = [
            "type": ["user.*", "document.read"], "outcome": ["success", "denied", "failure"],
            "from": .string(start.advanced(byMilliseconds: -4 * 86_400_000).millisecondsText),
            "received_to": .string(start.advanced(byMilliseconds: 4000).millisecondsText),
            "index_from": 5, "index_to": 33,
        ]
        var gaps = ExportRequest()
        gaps.name = "gaps"
        gaps.compression = .gzip
        gaps.filter = ["severity": ["critical", "error"], "to": "2026-01-23"]
        try await check(accounted, in: setting)
        try await check(gaps, in: setting)
        try keep(Data(("\(setting.key)\n").utf8), as: "ledger.vkey")
    }

    private func check(_ request: ExportRequest, in setting: ExportSetting) async throws {
        let (_, bytes) = try await setting.archive(request)
        try await withTemporaryFolder { folder in
            let made = try MemoryFiles(archive: bytes, in: folder)
            #expect(await setting.verdict(on: made).faults == [])
            try keep(Data(bytes), as: "\(request.name).zip")
            let kept = try Data(
                contentsOf: Self.folder.appendingPathComponent("\(request.name).zip")
            )
            let files = try MemoryFiles(archive: Array(kept), in: folder)
            #expect(await setting.verdict(on: files).faults == [])
            #expect(files.contents.keys.sorted() == made.contents.keys.sorted())
            // Libraries compress in their own ways, and not every one signs the same way twice.
            guard request.compression == .none else { return }
            for name in [request.dataName, request.evidenceName, Manifest.proofName] {
                #expect(files.contents[name] == made.contents[name], "\(name)")
            }
        }
    }

    private func keep(_ data: Data, as name: String) throws {
        let file = Self.folder.appendingPathComponent(name)
        if Self.update { try data.write(to: file) }
        guard name == "ledger.vkey" else { return }
        #expect(try Data(contentsOf: file) == data)
    }
}

extension ExportRequest {
    fileprivate var dataName: String { "events.\(format.rawValue)\(compression.suffix)" }
    fileprivate var evidenceName: String { "records.ndjson\(compression.suffix)" }
}
