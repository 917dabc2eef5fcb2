// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The hashes on both sides of a range of leaves: with the leaves between, they give the root.
package struct RangeEdges: Sendable, Equatable {
    /// The leaves of the range.
    package let range: Range<UInt64>
    /// The number of leaves of the tree.
    package let size: UInt64
    /// The hashes of ``TreeMath/cover(of:)`` of what lies before the range.
    package let left: [Digest]
    /// The hashes of ``TreeMath/cover(of:)`` of what lies behind it.
    package let right: [Digest]

    /// Joins a range and its edges.
    package init(range: Range<UInt64>, size: UInt64, left: [Digest], right: [Digest]) {
        self.range = range
        self.size = size
        self.left = left
        self.right = right
    }

    /// The edges as the document `proof.json`.
    func document(origin: String) -> [UInt8] {
        var output: [UInt8] = Array("{\"origin\":".utf8)
        JSONText.appendString(origin, to: &output)
        let numbers = [("size", size), ("from", range.lowerBound), ("to", range.upperBound)]
        for (name, number) in numbers {
            output += Array(",\"\(name)\":".utf8)
            JSONText.appendInteger(number, to: &output)
        }
        for (name, hashes) in [("left", left), ("right", right)] {
            output += Array(",\"\(name)\":[".utf8)
            EvidenceLine.append(hashes, to: &output)
            output.append(UInt8(ascii: "]"))
        }
        output += Array("}\n".utf8)
        return output
    }

    /// Reads the document `proof.json`, or returns nil for anything else.
    package init?(document: [UInt8]) {
        guard let value = try? JSONValue(parsing: document),
            let size = value["size"]?.integer.flatMap(UInt64.init(exactly:)),
            let from = value["from"]?.integer.flatMap(UInt64.init(exactly:)),
            let to = value["to"]?.integer.flatMap(UInt64.init(exactly:)), from <= to, to <= size,
            let left = RangeEdges.hashes(value["left"]),
            let right = RangeEdges.hashes(value["right"])
        else { return nil }
        self.init(range: from..<to, size: size, left: left, right: right)
    }

    private static func hashes(_ value: JSONValue?) -> [Digest]? {
        guard let items = value?.array else { return nil }
        let hashes = items.compactMap { $0.string.flatMap { Digest(hex: $0) } }
        return hashes.count == items.count ? hashes : nil
    }
}

/// What an export says of itself: what was asked, what was found, and every file with its hash.
///
/// Nothing in it has to be believed: a verifier derives all of it from the evidence, or says that
/// it did not.
package struct Manifest: Sendable {
    /// The manifest's name.
    package static let name = "manifest.json"
    /// The name of the signed checkpoint.
    package static let checkpointName = "checkpoint"
    /// The name of the range's edges.
    package static let proofName = "proof.json"
    /// The name of the words for people.
    package static let readmeName = "README.txt"
    /// The form of exports that this version writes and reads.
    package static let form = "cairn-export/1"

    /// The request as it was made.
    package let request: ExportRequest
    /// The tenant's name.
    package let tenant: String
    /// What the requester is shown of the ledger; empty for all.
    package let narrowing: Narrowing
    /// The ledger's origin.
    package let origin: String
    /// The ledger's size.
    package let size: UInt64
    /// The indexes that were gone through.
    package let range: Range<UInt64>
    /// What was counted.
    package let counts: ExportJob.Counts
    /// Every other file.
    package let files: [(name: String, bytes: UInt64, sha256: Digest)]
    private let facts: JSONObject

    /// States what is known of a finished job.
    init(
        job: ExportJob,
        finishedAt: Timestamp,
        files: [(name: String, bytes: UInt64, sha256: Digest)]
    ) {
        (request, tenant, narrowing, origin) = (job.request, job.tenant, job.narrowing, job.origin)
        (size, range, counts, self.files) = (job.size, job.range, job.counts, files)
        facts = [
            "id": .string(job.id), "requested_by": .object(job.requester),
            "created_at": .string(job.createdAt.millisecondsText),
            "finished_at": .string(finishedAt.millisecondsText),
            "redaction_rules": .array(job.redactionRules.sorted().map { .string($0) }),
        ]
    }

    /// The manifest as indented JSON.
    var encoded: [UInt8] {
        var members: [(name: String, value: JSONValue)] = [
            ("format", .string(Manifest.form)), ("tenant", .string(tenant)),
            ("origin", .string(origin)),
            (
                "range",
                [
                    "from": .number(JSONNumber(range.lowerBound)),
                    "to": .number(JSONNumber(range.upperBound)), "size": .number(JSONNumber(size)),
                ]
            ),
            ("counts", .object(counts.json)), ("request", .object(request.json)),
        ]
        if !narrowing.isEmpty { members.append(("restricted_to", narrowing.json)) }
        members += facts.map { ($0.name, $0.value) }
        members.append(
            (
                "files",
                .array(
                    files.map { file in
                        [
                            "name": .string(file.name), "size": .number(JSONNumber(file.bytes)),
                            "sha256": .string(file.sha256.hex),
                        ]
                    }
                )
            )
        )
        return Array((JSONText.prettyPrinted(.object(JSONObject(members))) + "\n").utf8)
    }

    /// Reads a manifest.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` saying what cannot be read.
    package init(parsing bytes: [UInt8]) throws(StoreError) {
        let limits = JSONLimits(depth: 16, bytes: 1 << 20)
        guard let value = try? JSONValue(parsing: bytes, limits: limits) else {
            throw .corrupt("it is not JSON")
        }
        guard value["format"]?.string == Manifest.form else {
            throw .corrupt("it is not of the form \(Manifest.form)")
        }
        func position(_ value: JSONValue?) -> UInt64? {
            value?.integer.flatMap(UInt64.init(exactly:))
        }
        guard let tenant = value["tenant"]?.string, let origin = value["origin"]?.string,
            let from = position(value["range"]?["from"]), let to = position(value["range"]?["to"]),
            let size = position(value["range"]?["size"]), from <= to, to <= size
        else { throw .corrupt("`range`, `tenant` or `origin` is not as it must be") }
        guard let counts = value["counts"]?.object.flatMap({ ExportJob.Counts($0) }),
            counts.total == to - from
        else { throw .corrupt("`counts` do not add up to the range") }
        guard let members = value["request"]?.object, let request = try? ExportRequest(members)
        else { throw .corrupt("`request` is none") }
        var narrowing = Narrowing()
        if let kept = value["restricted_to"] {
            guard let object = kept.object, let read = try? Narrowing(object) else {
                throw .corrupt("`restricted_to` is no restriction")
            }
            narrowing = read
        }
        var files: [(name: String, bytes: UInt64, sha256: Digest)] = []
        for file in value["files"]?.array ?? [] {
            guard let name = file["name"]?.string, let bytes = position(file["size"]),
                let digest = file["sha256"]?.string.flatMap({ Digest(hex: $0) })
            else { throw .corrupt("`files` has an entry without name, size or sha256") }
            files.append((name, bytes, digest))
        }
        (self.request, self.tenant, self.narrowing) = (request, tenant, narrowing)
        (self.origin, self.size, range, self.counts) = (origin, size, from..<to, counts)
        (self.files, facts) = (files, value.object ?? JSONObject())
    }

    /// What a workbook says of itself on its second sheet: all that is known before it is made.
    var workbookFacts: [(name: String, value: String)] {
        var facts = [
            ("Export", self.facts["id"]?.string ?? ""), ("Name", request.name),
            ("Tenant", tenant), ("Ledger", origin), ("Size of the ledger", "\(size)"),
            ("From index", "\(range.lowerBound)"), ("To index (without)", "\(range.upperBound)"),
            ("Records", "\(counts.matched)"), ("Not matched", "\(counts.notMatched)"),
            ("Erased", "\(counts.erased)"), ("Pruned", "\(counts.pruned)"),
            ("Columns", request.columns ?? ""),
            (
                "Filter",
                String(decoding: JSONValue.object(request.filter).canonical.bytes, as: UTF8.self)
            ),
            ("Every record accounted for", request.isAccounted ? "yes" : "no"),
            ("Asked for at", self.facts["created_at"]?.string ?? ""),
        ]
        let requester = self.facts["requested_by"]
        facts.append(
            ("Asked for by", requester?["subject"]?.string ?? requester?["id"]?.string ?? "")
        )
        return facts
    }

    /// What people read first.
    static func readme(of request: ExportRequest) -> String {
        """
        This is an export of an audit log, and it proves itself.

        \(request.dataName)
            the exported records
        \(request.evidenceName)
            for each record the bytes that were hashed, and what ties them to the log
        \(checkpointName)
            the log's signed statement about itself
        \(proofName)
            the hashes on both sides of the exported range
        \(name)
            what was asked for and found, and the SHA-256 of every file

        To check it, get the log's public key from somebody you trust, not from here:

            cairn verify THIS-FILE-OR-FOLDER --key KEY

        It needs no network. How to check it without cairn is told in docs/verifying.md of
        the project.

        """
    }
}
