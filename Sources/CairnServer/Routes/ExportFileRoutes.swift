// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// `/v1/exports/{id}/file`: a finished export, for whoever has a link that the server signed.
///
/// It is asked for where the object store has no address of its own.
struct ExportFileRoutes: Sendable {
    let services: ServerServices

    var routes: [Route] {
        [Route(.get, Path.exportFile, for: .everybody, handler: file)]
    }

    @Sendable
    private func file(_ request: Request, context: ServerContext) async throws -> Response {
        let parameters = try QueryParameters(request)
        let id = context.part("id")
        guard Set(parameters.names) == ["expires", "signature"], parameters.names.count == 2,
            let end = try parameters.one("expires").flatMap({ Int64($0) }),
            end < 1 << 40, let signature = try parameters.one("signature"),
            services.exports.isGood(signature, of: id, until: end, now: services.clock.now())
        else { throw Problem(.linkRefused, "Ask for a new one.") }
        guard let key = try await services.exports.exports.fileKey(of: id) else {
            throw Problem(.exportExpired, "Ask for a new export.")
        }
        do throws(ObjectError) {
            return try await answer(request, key)
        } catch .missing {
            throw Problem(.exportExpired, "Ask for a new export.")
        } catch {
            throw Problem(.unavailable, "Send it again.", cause: error)
        }
    }

    private func answer(
        _ request: Request,
        _ key: ObjectKey
    ) async throws(ObjectError) -> Response {
        guard let facts = try await services.exports.objects.facts(of: key) else { throw .missing }
        let name = key.text.split(separator: "/").last.map(String.init) ?? "export.zip"
        var headers: HTTPFields = [
            .contentType: "application/zip", .cacheControl: "private, no-store",
            .contentDisposition: "attachment; filename=\"\(name)\"", .acceptRanges: "bytes",
        ]
        let asked = request.headers[.range].map { ByteRange($0, of: facts.size) } ?? .all
        let range: Range<UInt64>
        var status = HTTPResponse.Status.ok
        switch asked {
        case .all: range = 0..<facts.size
        case .part(let part):
            (range, status) = (part, .partialContent)
            headers[.contentRange] =
                "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(facts.size)"
        case .outside:
            headers[.contentRange] = "bytes */\(facts.size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        let (_, bytes) = try await services.exports.objects.get(key, range: range)
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(contentLength: range.count) { writer in
                for try await piece in bytes { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            }
        )
    }
}

/// One range of bytes that a request asks for (RFC 9110 14.1.2); several, or another unit, are as
/// if none was asked for.
private enum ByteRange {
    case all
    case part(Range<UInt64>)
    case outside

    init(_ text: String, of size: UInt64) {
        self = .all
        guard text.hasPrefix("bytes="), !text.contains(",") else { return }
        let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return }
        switch (UInt64(ends[0]), UInt64(ends[1])) {
        case (let from?, let last?) where from <= last:
            self = from < size ? .part(from..<min(last, size - 1) + 1) : .outside
        case (let from?, nil) where ends[1].isEmpty:
            self = from < size ? .part(from..<size) : .outside
        case (nil, let count?) where ends[0].isEmpty:
            self = count > 0 && size > 0 ? .part(size - min(count, size)..<size) : .outside
        default: break
        }
    }
}
