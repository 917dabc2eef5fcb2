// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Foundation

/// Records to a spool, as an application does whose server is away, until it is killed or refused.
///
/// Each event that is durable is told in a line of its own, after the fact.
@main
struct SpoolWriter {
    static func main() async throws {
        let folder = CommandLine.arguments[1]
        if CommandLine.arguments.count > 2, let bytes = UInt(CommandLine.arguments[2]) {
            // Files cannot grow beyond this: a write fails, as on a disk that is full.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        }
        var options = RecorderOptions()
        options.durability = DurabilityPolicy(otherwise: .failOpen)
        options.spool = SpoolOptions(folder: folder)
        options.spool?.segmentBytes = 16 << 10
        let nobody = try HTTPDestination(url: "http://127.0.0.1:9")
        let recorder = try AuditRecorder(to: nobody, options: options)
        for number in 0... {
            let event = Event(
                type: try EventType("data.update"),
                actor: Event.Actor(id: "writer-\(number)")
            )
            switch await recorder.record(event) {
            case .success(let receipt):
                FileHandle.standardOutput.write(Data("\(number) \(receipt.id)\n".utf8))
            case .failure(let error):
                FileHandle.standardOutput.write(Data("refused \(error.code)\n".utf8))
                await recorder.close()
                return
            }
        }
    }
}
