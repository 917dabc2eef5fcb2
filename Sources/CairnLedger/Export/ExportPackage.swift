// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Writes the archive of an export: data, evidence, checkpoint, proof, and last the manifest.
///
/// It is read once, piece by piece, and holds no more than one of them.
package actor ExportPackage {
    /// Bytes that are kept somewhere, in pieces that follow each other.
    package struct Content: Sendable {
        /// How many bytes there are.
        package let bytes: UInt64
        /// Their CRC-32.
        package let crc: UInt32
        /// Begins to read the pieces from the first to the last, each when it is its turn.
        package let pieces: [@Sendable () async throws -> ObjectBytes]

        /// Names what is read.
        package init(
            bytes: UInt64,
            crc: UInt32,
            pieces: [@Sendable () async throws -> ObjectBytes]
        ) {
            self.bytes = bytes
            self.crc = crc
            self.pieces = pieces
        }
    }

    private struct File {
        let name: String
        let content: Content
    }

    private let job: ExportJob
    private let finishedAt: Timestamp
    private let tools: any ExportTools
    private var files: [File]
    private var zip = ZipFormat()
    private var written: [(name: String, bytes: UInt64, sha256: Digest)] = []
    private var isEnding = false
    private var whole = DigestStream()

    // The file that is being written.
    private var current: File?
    private var content = Joined([])
    private var hash = DigestStream()
    private var bytes: UInt64 = 0

    /// Packs a job whose parts are all made.
    package init(
        _ job: ExportJob,
        edges: RangeEdges,
        data: Content,
        evidence: Content,
        finishedAt: Timestamp,
        tools: any ExportTools
    ) {
        self.job = job
        self.finishedAt = finishedAt
        self.tools = tools
        func text(_ name: String, _ bytes: [UInt8]) -> File {
            File(
                name: name,
                content: Content(
                    bytes: UInt64(bytes.count),
                    crc: tools.crc32(bytes, after: 0),
                    pieces: [
                        {
                            let once = Once(bytes)
                            return AsyncThrowingStream { once.take() }
                        }
                    ]
                )
            )
        }
        files = [
            File(name: job.request.dataName, content: data),
            File(name: job.request.evidenceName, content: evidence),
            text(Manifest.checkpointName, Array(job.checkpoint.encoded.utf8)),
            text(Manifest.proofName, edges.document(origin: job.origin)),
            text(Manifest.readmeName, Array(Manifest.readme(of: job.request).utf8)),
        ]
    }

    /// The archive, to be read once.
    package nonisolated var archive: ObjectBytes {
        AsyncThrowingStream {
            try await self.next()
        }
    }

    /// The SHA-256 of what was read of the archive.
    package var sha256: Digest { whole.digest }

    /// The next piece, or nil at the end.
    private func next() async throws -> [UInt8]? {
        while let file = current {
            if let piece = try await content.next() {
                guard !piece.isEmpty else { continue }
                bytes += UInt64(piece.count)
                // The hash of the file and that of the archive are made beside each other.
                let file = hash
                async let hashed = file.adding(piece)
                whole.add(piece)
                hash = await hashed
                return piece
            }
            guard bytes == file.content.bytes else {
                throw StoreError.corrupt("a part of an export has another length than was noted")
            }
            written.append((file.name, bytes, hash.digest))
            current = nil
        }
        if !files.isEmpty {
            let header = begin(files.removeFirst())
            whole.add(header)
            return header
        }
        guard !isEnding else { return nil }
        isEnding = true
        let manifest = Manifest(job: job, finishedAt: finishedAt, files: written).encoded
        let entry = ZipFormat.Entry(
            name: Manifest.name,
            bytes: UInt64(manifest.count),
            crc: tools.crc32(manifest, after: 0)
        )
        let end = zip.header(entry) + manifest + zip.ending()
        whole.add(end)
        return end
    }

    private func begin(_ file: File) -> [UInt8] {
        current = file
        content = Joined(file.content.pieces)
        hash = DigestStream()
        bytes = 0
        return zip.header(
            ZipFormat.Entry(name: file.name, bytes: file.content.bytes, crc: file.content.crc)
        )
    }
}
