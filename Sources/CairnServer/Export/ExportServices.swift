// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
internal import Crypto

/// What a server has to do with exports.
package struct ExportServices: Sendable {
    /// Exports, as callers ask for them.
    package let exports: Exports
    /// Makes what is asked for, beside the server; nil where others do.
    package let worker: ExportWorker?
    /// Where their files are kept.
    package let objects: any ObjectStore
    /// What they are packed with.
    package let tools: any ExportTools
    /// How long a link to a file is good.
    package let linkDuration: Duration
    private let secret: SymmetricKey

    /// Joins them; `secret` signs the server's own links: 32 bytes that no caller knows.
    package init(
        exports: Exports,
        worker: ExportWorker?,
        objects: any ObjectStore,
        tools: any ExportTools,
        linkDuration: Duration = .seconds(86_400),
        secret: [UInt8]
    ) {
        self.exports = exports
        self.worker = worker
        self.objects = objects
        self.tools = tools
        self.linkDuration = linkDuration
        self.secret = SymmetricKey(data: secret)
    }

    /// Looks whether there are such columns.
    func check(_ request: ExportRequest) throws(RecordQuery.Malformed) {
        _ = try tools.encoder(for: request)
    }

    /// A link by which whoever has it downloads a finished export, for a while.
    func link(to job: ExportJob, now: Timestamp) async throws(ObjectError) -> String? {
        guard let key = job.fileKey else { return nil }
        let left = (job.expiresAt ?? now).milliseconds - now.milliseconds
        let duration = min(linkDuration, .milliseconds(max(left, 1000)))
        let download = ObjectDownload(fileName: job.fileName, mediaType: "application/zip")
        if let link = try await objects.link(to: key, as: download, for: duration) {
            return link.url
        }
        let end = now.milliseconds / 1000 + duration.components.seconds
        return "/v1/exports/\(job.id)/file?expires=\(end)&signature=\(signature(job.id, end))"
    }

    /// Whether a link of the server's own is one, and has not ended.
    func isGood(_ signature: String, of id: String, until end: Int64, now: Timestamp) -> Bool {
        guard let code = Base64URL.decode(signature), end * 1000 > now.milliseconds else {
            return false
        }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code,
            authenticating: Self.message(id, end),
            using: secret
        )
    }

    private func signature(_ id: String, _ end: Int64) -> String {
        Base64URL.encode(
            Array(HMAC<SHA256>.authenticationCode(for: Self.message(id, end), using: secret))
        )
    }

    private static func message(_ id: String, _ end: Int64) -> [UInt8] {
        Array("\(id)\n\(end)".utf8)
    }
}
