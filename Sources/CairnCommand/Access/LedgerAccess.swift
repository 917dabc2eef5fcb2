// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI

/// One tenant's ledger as the commands see it, wherever it is.
protocol LedgerAccess: ExportAccess {
    /// What the ledger is called and how far it is.
    func facts() async throws -> LedgerFacts

    /// Appends events in the order of the batches, and tells what became of each, in that order.
    func append(
        _ batches: any EventBatches,
        each: @escaping @Sendable (AppendResult) async throws -> Void
    ) async throws

    /// A page of records; `parameters` are those of `GET /v1/events`.
    func page(_ parameters: [QueryParameter]) async throws -> RecordPage

    /// Writes all records that match, piece by piece; `parameters` are those of `GET /v1/events`, and
    /// `shape` says how records are written, as `GET /v1/exports/stream` has it.
    func export(
        _ parameters: [QueryParameter],
        _ shape: @Sendable (_ name: String) -> String?,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws

    /// A record.
    func record(_ id: EventID) async throws -> JSONValue

    /// The proof that a record is in the ledger.
    func proof(of id: EventID) async throws -> RecordProof

    /// Verifies the ledger, telling how far it is.
    func verify(
        _ request: VerificationRequest,
        progress: @escaping @Sendable (_ checked: UInt64, _ total: UInt64) -> Void
    ) async throws -> VerificationSummary

    /// 32 bytes from which importers derive the ids of events, the same at each call.
    func importKey() async throws -> [UInt8]

    /// Lets go of connections and files.
    func close() async throws
}

/// Events as JSON texts, pulled a batch at a time.
protocol EventBatches: Sendable {
    /// The next events; nil at the end.
    func next() async throws -> [[UInt8]]?
}

/// A single batch.
actor SingleBatch: EventBatches {
    private var events: [[UInt8]]?

    init(_ events: [[UInt8]]) {
        self.events = events
    }

    func next() -> [[UInt8]]? {
        defer { events = nil }
        return events
    }
}

/// One parameter of a query, by the name it has in the HTTP interface.
struct QueryParameter: Equatable, Sendable {
    let name: String
    let value: String
}

/// A page of a query's answer.
struct RecordPage: Sendable {
    /// The records.
    let records: [JSONValue]
    /// How to ask for the next page, if there is one.
    let nextCursor: String?
    /// The ledger's size that the query sees.
    let size: UInt64
}

/// What a ledger is called and how far it is.
struct LedgerFacts: Equatable, Sendable {
    let origin: String
    let size: UInt64
    let root: Digest
    let hash: Digest
    let publicKey: String

    init(origin: String, size: UInt64, root: Digest, hash: Digest, publicKey: String) {
        self.origin = origin
        self.size = size
        self.root = root
        self.hash = hash
        self.publicKey = publicKey
    }

    /// Reads the answer of `GET /v1/ledger`.
    init(_ value: JSONValue) throws(MalformedBody) {
        guard let origin = value["origin"]?.string, let size = value["size"]?.integer, size >= 0,
            let root = value["root"]?.string.flatMap({ Digest(hex: $0) }),
            let hash = value["hash"]?.string.flatMap({ Digest(hex: $0) }),
            let publicKey = value["public_key"]?.string
        else { throw MalformedBody("a ledger's members") }
        self.init(
            origin: origin,
            size: UInt64(size),
            root: root,
            hash: hash,
            publicKey: publicKey
        )
    }

    /// The facts as JSON.
    var json: JSONValue {
        [
            "origin": .string(origin), "size": .number(JSONNumber(size)),
            "root": .string(root.hex), "hash": .string(hash.hex),
            "public_key": .string(publicKey),
        ]
    }

    /// The facts for people.
    var table: String {
        Table.facts([
            ("origin", origin), ("size", "\(size)"), ("root", root.hex), ("hash", hash.hex),
            ("public key", publicKey),
        ])
    }
}
