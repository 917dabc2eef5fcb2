// SPDX-License-Identifier: Apache-2.0
import Cairn
import Logging

/// Writes the log as JSON, a line each: `time`, `level`, `logger`, `message`, `metadata`.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let label: String
    private let now: @Sendable () -> Timestamp
    private let write: @Sendable (String) -> Void

    /// Writes lines with `write`, which adds the line break.
    init(
        label: String,
        level: Logger.Level,
        now: @escaping @Sendable () -> Timestamp,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        logLevel = level
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        var line: JSONObject = [
            "time": .string(now().millisecondsText), "level": .string(event.level.rawValue),
            "logger": .string(label), "message": .string(event.message.description),
        ]
        if !all.isEmpty { line["metadata"] = JSONLogHandler.value(.dictionary(all)) }
        write(JSONValue.object(line).line)
    }

    private static func value(_ metadata: Logger.MetadataValue) -> JSONValue {
        switch metadata {
        case .string(let text): return .string(text)
        case .stringConvertible(let value): return .string(value.description)
        case .array(let values): return .array(values.map(value))
        case .dictionary(let members):
            return .object(
                JSONObject(
                    members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                        .map { (name: $0.key, value: value($0.value)) }
                )
            )
        }
    }
}
