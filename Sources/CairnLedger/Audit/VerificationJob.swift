// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// A verification of a ledger that somebody asked for, from then until long after it is done.
package struct VerificationJob: Sendable, Equatable {
    /// How far a job is; raw values are the names in every output.
    package enum State: String, Sendable, CaseIterable {
        /// Waits for its turn.
        case queued
        /// Looks at records.
        case running
        /// Has a verdict.
        case done
        /// Could not be carried out.
        case failed
        /// Was called off.
        case cancelled
    }

    /// The name by which it is asked for.
    package let id: String
    /// Whose ledger is verified.
    package let tenant: String
    /// What is looked at.
    package let scope: AuditScope
    /// When it was asked for.
    package let createdAt: Timestamp
    /// How far it is.
    package internal(set) var state = State.queued
    /// How many records were looked at.
    package internal(set) var checked: UInt64 = 0
    /// How many records there are to look at; 0 until that is known.
    package internal(set) var total: UInt64 = 0
    /// When it ended, however it did.
    package internal(set) var finishedAt: Timestamp?
    /// What was found, once it is done.
    package internal(set) var report: AuditReport?
    /// Why it failed, in words that hold nothing internal.
    package internal(set) var failure: String?
    /// The worker that has it; no two have the same name.
    var holder: String?
    /// How often a worker began it.
    var begun: UInt64 = 0

    init(id: String, tenant: String, scope: AuditScope, createdAt: Timestamp) {
        self.id = id
        self.tenant = tenant
        self.scope = scope
        self.createdAt = createdAt
    }

    /// Whether nothing more will happen to it.
    package var isFinished: Bool {
        switch state {
        case .queued, .running: false
        case .done, .failed, .cancelled: true
        }
    }

    /// Whether it says something of the ledger as a whole.
    package var isWhole: Bool { scope.isWhole }
}

extension AuditScope {
    /// Whether every record is looked at, with its content.
    var isWhole: Bool { from == 0 && to == nil && contents }
}

extension VerificationJob {
    /// The job as JSON, as it is answered.
    package var document: [UInt8] { JSONValue.object(JSONObject(members)).canonical.bytes }

    /// What a queue keeps of it.
    var kept: [UInt8] {
        var members = members
        if let holder { members.append(("holder", .string(holder))) }
        members.append(("begun", .number(JSONNumber(begun))))
        return JSONValue.object(JSONObject(members)).canonical.bytes
    }

    private var members: [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = [
            ("id", .string(id)), ("state", .string(state.rawValue)),
            ("from", .number(JSONNumber(scope.from))), ("contents", .bool(scope.contents)),
            ("created_at", .string(createdAt.millisecondsText)),
            (
                "progress",
                [
                    "checked": .number(JSONNumber(checked)),
                    "total": .number(JSONNumber(total)),
                ]
            ),
        ]
        if let to = scope.to { members.append(("to", .number(JSONNumber(to)))) }
        if let note = scope.checkpoint { members.append(("checkpoint", .string(note.encoded))) }
        if let finishedAt {
            members.append(("finished_at", .string(finishedAt.millisecondsText)))
        }
        if let failure { members.append(("detail", .string(failure))) }
        if let report { members += report.members }
        return members
    }

    /// Reads what a queue keeps, or returns nil for what cannot be read.
    init?(_ queued: QueuedJob) {
        guard let value = try? JSONValue(parsing: queued.document),
            let id = value["id"]?.string,
            let state = value["state"]?.string.flatMap({ State(rawValue: $0) }),
            let from = value["from"]?.integer.flatMap(UInt64.init(exactly:)),
            let contents = value["contents"]?.bool,
            let createdAt = VerificationJob.time(value["created_at"])
        else { return nil }
        var scope = AuditScope()
        scope.from = from
        scope.to = value["to"]?.integer.flatMap(UInt64.init(exactly:))
        scope.contents = contents
        if let note = value["checkpoint"]?.string {
            guard let parsed = try? SignedNote(parsing: note) else { return nil }
            scope.checkpoint = parsed
        }
        self.init(id: id, tenant: queued.tenant, scope: scope, createdAt: createdAt)
        self.state = state
        holder = value["holder"]?.string
        begun = UInt64(clamping: value["begun"]?.integer ?? 0)
        checked = UInt64(clamping: value["progress"]?["checked"]?.integer ?? 0)
        total = UInt64(clamping: value["progress"]?["total"]?.integer ?? 0)
        finishedAt = VerificationJob.time(value["finished_at"])
        failure = value["detail"]?.string
        if state == .done {
            guard let report = AuditReport(value, checked: checked) else { return nil }
            self.report = report
        }
    }

    private static func time(_ value: JSONValue?) -> Timestamp? {
        value?.string.flatMap { try? Timestamp.parse($0).timestamp }
    }
}

extension AuditReport {
    fileprivate var members: [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = [
            ("verdict", .string(holds ? "holds" : "fails")),
            (
                "faults",
                .array(
                    faults.map { fault in
                        [
                            "index": .number(JSONNumber(fault.index)),
                            "kind": .string(fault.kind.rawValue), "detail": .string(fault.detail),
                        ]
                    }
                )
            ),
            ("erased", .number(JSONNumber(erased))), ("pruned", .number(JSONNumber(pruned))),
            ("trusted", .array(trusted.map { .string($0.rawValue) })),
            ("size", .number(JSONNumber(size))),
        ]
        if let root { members.append(("root", .string(root.hex))) }
        return members
    }

    fileprivate init?(_ value: JSONValue, checked: UInt64) {
        guard let faults = value["faults"]?.array, let trusted = value["trusted"]?.array,
            let size = value["size"]?.integer.flatMap(UInt64.init(exactly:))
        else { return nil }
        self.init()
        for fault in faults {
            guard let index = fault["index"]?.integer.flatMap(UInt64.init(exactly:)),
                let kind = fault["kind"]?.string.flatMap({ Fault.Kind(rawValue: $0) })
            else { return nil }
            self.faults.append(
                Fault(index: index, kind: kind, detail: fault["detail"]?.string ?? "")
            )
        }
        self.trusted = trusted.compactMap { $0.string.flatMap { Trusted(rawValue: $0) } }
        self.checked = checked
        self.size = size
        erased = UInt64(clamping: value["erased"]?.integer ?? 0)
        pruned = UInt64(clamping: value["pruned"]?.integer ?? 0)
        root = value["root"]?.string.flatMap { Digest(hex: $0) }
    }
}
