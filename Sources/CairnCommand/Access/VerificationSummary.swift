// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI
import CairnLedger

/// What is to be verified.
struct VerificationRequest: Equatable, Sendable {
    /// The first record, and the one after the last; the whole ledger when absent.
    var from: UInt64?
    var to: UInt64?
    /// Whether contents are recomputed.
    var contents = true
    /// A checkpoint that the caller holds to be right.
    var checkpoint: SignedNote?

    /// The body of `POST /v1/verifications`.
    var json: JSONValue {
        var object: JSONObject = ["contents": .bool(contents)]
        object["from"] = from.map { .number(JSONNumber($0)) }
        object["to"] = to.map { .number(JSONNumber($0)) }
        object["checkpoint"] = checkpoint.map { .string($0.encoded) }
        return .object(object)
    }

    /// The same for an auditor.
    var scope: AuditScope {
        var scope = AuditScope()
        scope.from = from ?? 0
        scope.to = to
        scope.contents = contents
        scope.checkpoint = checkpoint
        return scope
    }
}

/// What a verification found.
struct VerificationSummary: Equatable, Sendable {
    var faults: [Fault]
    let checked: UInt64
    let erased: UInt64
    let pruned: UInt64
    let trusted: [String]

    /// Whether there is no fault.
    var holds: Bool { faults.isEmpty }

    /// Takes what an auditor found.
    init(_ report: AuditReport) {
        faults = report.faults
        checked = report.checked
        erased = report.erased
        pruned = report.pruned
        trusted = report.trusted.map(\.rawValue)
    }

    /// Reads a verification that is done.
    init(_ value: JSONValue) throws(MalformedBody) {
        guard let verdict = value["verdict"]?.string, let list = value["faults"]?.array else {
            throw MalformedBody("a verification's `verdict` or `faults`")
        }
        faults = []
        for entry in list {
            guard let index = entry["index"]?.integer, index >= 0,
                let kind = entry["kind"]?.string.flatMap({ Fault.Kind(rawValue: $0) })
            else { throw MalformedBody("a fault's `index` or `kind`") }
            faults.append(
                Fault(index: UInt64(index), kind: kind, detail: entry["detail"]?.string ?? "")
            )
        }
        guard (verdict == "holds") == faults.isEmpty else {
            throw MalformedBody("a verdict that its faults contradict")
        }
        checked = UInt64(value["progress"]?["checked"]?.integer ?? 0)
        erased = UInt64(value["erased"]?.integer ?? 0)
        pruned = UInt64(value["pruned"]?.integer ?? 0)
        trusted = (value["trusted"]?.array ?? []).compactMap(\.string)
    }

    /// The members of the output.
    var members: JSONObject {
        [
            "verdict": .string(holds ? "holds" : "fails"),
            "checked": .number(JSONNumber(checked)),
            "erased": .number(JSONNumber(erased)),
            "pruned": .number(JSONNumber(pruned)),
            "trusted": .array(trusted.map { .string($0) }),
            "faults": .array(
                faults.map { fault in
                    [
                        "index": .number(JSONNumber(fault.index)),
                        "kind": .string(fault.kind.rawValue),
                        "detail": .string(fault.detail),
                    ]
                }
            ),
        ]
    }

    /// The verdict for people, the first fault first.
    var text: String {
        var lines = [
            holds
                ? "holds: \(checked) records checked"
                : "fails: \(faults.count) faults in \(checked) records checked"
        ]
        if erased > 0 { lines.append("erased fields: \(erased)") }
        if pruned > 0 { lines.append("pruned records: \(pruned)") }
        if !trusted.isEmpty { lines.append("trusted: \(trusted.joined(separator: ", "))") }
        if let first = faults.first {
            lines.append("first fault: \(VerificationSummary.text(of: first))")
            lines += faults.dropFirst().map { "fault: \(VerificationSummary.text(of: $0))" }
        }
        return lines.joined(separator: "\n")
    }

    private static func text(of fault: Fault) -> String {
        "record \(fault.index): \(fault.kind.rawValue): \(Terminal.shown(fault.detail))"
    }
}
