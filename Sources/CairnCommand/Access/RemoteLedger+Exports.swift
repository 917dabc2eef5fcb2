// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Cairn
import CairnAPI
import Foundation
import NIOHTTP1

extension RemoteLedger {
    func submitExport(_ request: JSONObject) async throws -> JSONValue {
        try await exchange(.POST, Path.exports, .object(request))
    }

    func export(_ id: String) async throws -> JSONValue {
        try await exchange(.GET, try Self.path(of: id))
    }

    func exports() async throws -> [JSONValue] {
        try await exchange(.GET, Path.exports + "?limit=1000")["exports"]?.array ?? []
    }

    func cancelExport(_ id: String) async throws -> JSONValue {
        try await exchange(.DELETE, try Self.path(of: id))
    }

    func finishExport(
        _ id: String,
        progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws -> JSONValue {
        var pause = 20
        while true {
            let job = try await export(id)
            progress(job.exportProgress.checked, job.exportProgress.total)
            if job.hasEnded { return job }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 500)
        }
    }

    func releaseExport(_ id: String) async throws {
        // A server keeps it as long as it keeps exports: others may want it, too.
    }

    func placeExport(_ id: String, at path: String) -> Bool { false }

    func downloadExport(
        _ id: String,
        from offset: UInt64,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let link = try await location(of: try Self.path(of: id) + "/download")
        // A link that is the server's own, or an object store's: it has no need of the key.
        let url = link.hasPrefix("/") ? base + link : link
        try await fetch(url, from: offset, write)
    }

    private static func path(of id: String) throws(CommandFailure) -> String {
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else {
            throw .badInput("\(id) is not the id of an export")
        }
        return "\(Path.exports)/\(id)"
    }
}
