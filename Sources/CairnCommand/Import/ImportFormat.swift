// SPDX-License-Identifier: Apache-2.0

/// The shapes of file that can be imported.
enum ImportFormat: String, CaseIterable, Sendable {
    /// Events in the native shape, one a line.
    case ndjson
    /// Log files of AWS CloudTrail.
    case cloudtrail
    /// Archived days, exports and table items of an organisation audit service.
    case orgsArchive = "orgs-archive"
    /// Rows and exports of an application's security audit module.
    case securityAudit = "security-audit"
    /// Exports of an audit service that chains hashes.
    case auditService = "audit-service"
    /// Audit logs of Kubernetes.
    case kubernetes
    /// Logs of PostgreSQL in CSV, with the messages of pgaudit.
    case pgaudit
    /// The systemd journal, as `journalctl -o json` writes it.
    case journald
}

extension ImportFormat {
    /// What such a file holds, in a few words.
    var summary: String {
        switch self {
        case .ndjson: "events in the native shape, one a line"
        case .cloudtrail: "log files of AWS CloudTrail"
        case .orgsArchive:
            "archives, exports (JSON, CSV) and items of an organisation audit service"
        case .securityAudit: "rows and exports (JSON, CSV) of a security audit module"
        case .auditService: "exports (JSON, CSV) of an audit service that chains hashes"
        case .kubernetes: "audit logs of Kubernetes (audit.k8s.io/v1)"
        case .pgaudit: "messages of pgaudit in CSV logs of PostgreSQL"
        case .journald: "the systemd journal, as journalctl -o json writes it"
        }
    }

    /// Every format with its summary, for help.
    static var list: String {
        "Formats:\n"
            + allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n")
    }
}

/// How the files of an import are read.
struct ImportPlan: Sendable {
    let format: ImportFormat
    /// The key that ids derive from; events in the native shape bring their own.
    let importKey: [UInt8]
    /// What the caller calls the place that the files are from.
    let place: String
    /// Whether every stage of a request to Kubernetes is an event.
    var allStages = false

    /// Begins to read a file.
    func open(_ path: String) throws -> (reader: any EntryReader, mapping: any EntryMapping) {
        let file = try FileSource(path)
        let source: any ByteSource =
            path.hasSuffix(".gz") ? GzipSource(file, name: path) : file
        let key = ImportKey(importKey, format.rawValue, place)
        switch format {
        case .ndjson: return (LineReader(source), NativeMapping())
        case .cloudtrail:
            let reader = RecordsReader(source, name: path, member: "Records", unit: "record")
            return (reader, CloudTrailMapping(importKey: importKey))
        case .orgsArchive:
            return try rows(PeekedSource(source), path, .orgsArchive, key)
        case .securityAudit:
            return try rows(PeekedSource(source), path, .securityAudit, key)
        case .auditService:
            return try rows(PeekedSource(source), path, .auditService, key)
        case .kubernetes:
            let peeked = try PeekedSource(source)
            let shape = InputShape(of: peeked.head, lists: ["items"])
            return (reader(peeked, path, shape), KubernetesMapping(key, allStages: allStages))
        case .pgaudit:
            let reader = CSVReader(try PeekedSource(source), name: path, hasHeader: false)
            return (reader, PgauditMapping(key))
        case .journald:
            let peeked = try PeekedSource(source)
            let shape = InputShape(of: peeked.head, lists: [])
            return (reader(peeked, path, shape), JournaldMapping(key))
        }
    }

    private func rows(
        _ source: PeekedSource,
        _ path: String,
        _ form: RowForm,
        _ key: ImportKey
    ) -> (reader: any EntryReader, mapping: any EntryMapping) {
        let shape = InputShape(of: source.head, lists: form.lists)
        guard shape == .table, form.hasTables else {
            return (reader(source, path, shape), RowMapping(form, key))
        }
        return (
            CSVReader(source, name: path, hasHeader: true),
            RowMapping(form, key, isTable: true)
        )
    }

    private func reader(
        _ source: PeekedSource,
        _ path: String,
        _ shape: InputShape
    ) -> any EntryReader {
        switch shape {
        case .array: RecordsReader(source, name: path, member: nil)
        case .list(let member): RecordsReader(source, name: path, member: member)
        // What is no JSON at all is refused line by line.
        case .lines, .table: LineReader(source)
        }
    }
}
