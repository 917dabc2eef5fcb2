// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI

/// How the memory of recent events is written to a file.
public enum RecentExport: String, Sendable, CaseIterable {
    /// One JSON array of the events, for people to read.
    case json
    /// The columns `security/1`, of which no cell is a formula for a spreadsheet.
    case csv
}

extension AuditRecorder {
    /// The recent events, as ``recent(_:)`` gives them, in the bytes of a file.
    ///
    /// It is a memory and proves nothing; exports of the ledger do.
    public func exportRecent(
        _ query: RecentQuery = RecentQuery(),
        as format: RecentExport
    ) -> [UInt8] {
        let events = recent(query)
        switch format {
        case .json:
            let values = events.compactMap { event in
                let bytes = EventBody.bytes(of: event)
                return try? JSONValue(
                    parsing: bytes,
                    limits: JSONLimits(depth: 64, bytes: bytes.count)
                )
            }
            return Array((JSONText.prettyPrinted(.array(values)) + "\n").utf8)
        case .csv:
            var output = CSVOutput()
            let columns = ExportColumns.security
            columns.appendHeader(to: &output)
            for event in events {
                // The recorder gave it both.
                guard let id = event.id, let time = event.occurredAt else { continue }
                columns.append(event, id: id, at: time, to: &output)
            }
            return output.take()
        }
    }
}
