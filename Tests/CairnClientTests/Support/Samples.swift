// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnClient
import Testing

extension Event {
    /// An event of a type by an actor.
    static func sample(_ type: String = "data.update", by actor: String = "ada") throws -> Event {
        Event(type: try EventType(type), actor: Actor(id: actor))
    }
}

extension Result where Failure == ClientError {
    /// The code of the failure, if it is one.
    var code: ClientError.Code? {
        guard case .failure(let error) = self else { return nil }
        return error.code
    }
}

/// Waits until something holds, or fails after a while.
func eventually(
    _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    for _ in 0..<6000 {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what, sourceLocation: sourceLocation)
}

/// All records of a ledger, oldest first, as they were appended.
func allRecords(_ recorder: AuditRecorder) async throws -> [Record] {
    var query = AuditQuery()
    query.limit = 1000
    var records: [Record] = []
    while true {
        let page = try await recorder.query(query).get()
        records += page.records
        guard let next = query.next(after: page) else { break }
        query = next
    }
    return records.sorted { $0.index < $1.index }
}

extension HTTPDestination {
    /// A server on this machine, which has to do with other things, too.
    static func patient(_ url: String, apiKey: String? = nil) throws -> HTTPDestination {
        var options = Options()
        options.connectTimeout = .seconds(60)
        options.requestTimeout = .seconds(60)
        return try HTTPDestination(url: url, apiKey: apiKey, options: options)
    }
}

extension RecorderOptions {
    /// Options under which nothing is lost because a machine is busy.
    static var patient: RecorderOptions {
        var options = RecorderOptions()
        options.shutdownLimit = .seconds(120)
        options.retry.limit = .seconds(300)
        return options
    }
}
