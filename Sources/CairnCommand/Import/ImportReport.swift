// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI
import Synchronization

/// Counts what became of the events of an import, and tells rejections as they come.
final class ImportReport: Sendable {
    private struct Counts {
        var accepted: UInt64 = 0
        var known: UInt64 = 0
        var rejected: UInt64 = 0
        var failed: UInt64 = 0
        /// How many entries were skipped, by what they are.
        var skipped: [String: UInt64] = [:]
        var unreadFiles: UInt64 = 0

        var all: UInt64 { accepted + known + rejected + failed }
    }

    private let isJSON: Bool
    private let counts = Mutex(Counts())
    private let bar = ProgressBar("events")

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    /// Whether something of the input could not become an event.
    var isIncomplete: Bool { counts.withLock { $0.rejected > 0 || $0.unreadFiles > 0 } }
    /// Whether the store failed to record an event.
    var hasFailed: Bool { counts.withLock { $0.failed > 0 } }

    func count(_ result: AppendResult, of place: ImportPlace) {
        guard let problem = result.problem else {
            let all = counts.withLock { counts in
                if result.status == 200 { counts.known += 1 } else { counts.accepted += 1 }
                return counts.all
            }
            bar.update(all, of: nil)
            return
        }
        reject(ImportRejection(place: place, status: result.status, reason: problem.sentence))
    }

    func note(_ note: ImportNote) {
        switch note {
        case .rejected(let rejection): reject(rejection)
        case .skipped(let what): counts.withLock { $0.skipped[what, default: 0] += 1 }
        case .unread(let file, let reason):
            counts.withLock { $0.unreadFiles += 1 }
            bar.finish()
            guard isJSON else { return Terminal.complain(Terminal.shown(reason)) }
            let line: JSONValue = ["file": .string(file), "reason": .string(reason)]
            Terminal.write(line.line)
        }
    }

    private func reject(_ rejection: ImportRejection) {
        counts.withLock { counts in
            if rejection.status >= 500 { counts.failed += 1 } else { counts.rejected += 1 }
        }
        bar.finish()
        guard isJSON else {
            Terminal.complain("\(rejection.place): \(Terminal.shown(rejection.reason))")
            return
        }
        let line: JSONValue = [
            "file": .string(rejection.place.file),
            "\(rejection.place.unit)": .number(JSONNumber(rejection.place.number)),
            "status": .number(JSONNumber(rejection.status)),
            "reason": .string(rejection.reason),
        ]
        Terminal.write(line.line)
    }

    func finish() {
        bar.finish()
        let counts = counts.withLock { $0 }
        let skipped = counts.skipped.sorted { $0.key < $1.key }
        guard isJSON else {
            let parts =
                [
                    "accepted \(counts.accepted)", "known already \(counts.known)",
                    "rejected \(counts.rejected)",
                ] + (counts.failed > 0 ? ["failed \(counts.failed)"] : [])
                + skipped.map { "skipped \($0.value) \($0.key)" }
            return Terminal.write(parts.joined(separator: ", "))
        }
        let line: JSONValue = [
            "accepted": .number(JSONNumber(counts.accepted)),
            "known": .number(JSONNumber(counts.known)),
            "rejected": .number(JSONNumber(counts.rejected)),
            "failed": .number(JSONNumber(counts.failed)),
            "unread_files": .number(JSONNumber(counts.unreadFiles)),
            "skipped": .object(
                JSONObject(skipped.map { (name: $0.key, value: .number(JSONNumber($0.value))) })
            ),
        ]
        Terminal.write(line.line)
    }
}
