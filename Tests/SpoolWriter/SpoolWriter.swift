// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation

/// Records with a spool, as an application does, until it is killed or refused.
///
/// Each event that is taken in is told in a line of its own, after the fact. `--limit` is the size
/// in bytes beyond which no file grows, as on a disk that is full; `--server` is who takes events,
/// and nobody does unless it is given.
@main
struct SpoolWriter {
    static func main() async throws {
        if let bytes = option("--limit").flatMap({ UInt($0) }) {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        }
        var options = RecorderOptions()
        options.durability = DurabilityPolicy(otherwise: .failOpen)
        options.spool = SpoolOptions(folder: CommandLine.arguments[1])
        options.spool?.segmentBytes = 16 << 10
        options.spool?.bulkEvents = 20
        options.spool?.limitBytes = 16 << 20
        let server = option("--server")
        let destination = try HTTPDestination(url: server ?? "http://127.0.0.1:9")
        let recorder = try AuditRecorder(to: destination, options: options)
        guard server != nil else {
            try await write(to: recorder)
            return await recorder.close()
        }
        try await recorder.whileRunning { try await write(to: $0) }
    }

    private static func option(_ name: String) -> String? {
        guard let place = CommandLine.arguments.firstIndex(of: name) else { return nil }
        return CommandLine.arguments.dropFirst(place + 1).first
    }

    private static func write(to recorder: AuditRecorder) async throws {
        for number in 0..<2000 {
            let event = Event(
                type: try EventType("data.update"),
                actor: Event.Actor(id: "writer-\(number)")
            )
            switch await recorder.record(event) {
            case .success(let receipt):
                FileHandle.standardOutput.write(Data("\(number) \(receipt.id)\n".utf8))
            case .failure(let error):
                FileHandle.standardOutput.write(Data("refused \(error.code)\n".utf8))
                return
            }
        }
        // Whoever is to kill it may be busy.
        try await Task.sleep(for: .seconds(300))
    }
}
