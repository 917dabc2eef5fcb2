// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Shows callers records of their ledgers: what each may see, and noted as read.
///
/// Every dialect reads by it, so there is one way out.
struct RecordReader: Sendable {
    let configuration: ServerConfiguration
    let services: ServerServices

    private var reader: LedgerReader {
        LedgerReader(
            store: services.store,
            index: services.index,
            cursors: services.cursors,
            pageBytes: configuration.pageBytes
        )
    }

    // MARK: Pages

    /// A page of what a caller may see; `parameters` are what was asked, as the ledger's record of it
    /// says.
    ///
    /// - Throws: ``Problem`` for a cursor that is not one of this question.
    func page(
        _ asked: LedgerReader.Request,
        _ parameters: QueryParameters,
        for context: ServerContext
    ) async throws -> LedgerReader.Page {
        let principal = try context.caller()
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        var asked = asked
        asked.narrowing = principal.narrowing
        let page: LedgerReader.Page
        do {
            page = try await reader.page(asked, in: ledger)
        } catch let refusal as LedgerReader.Refusal {
            throw Problem(refusing: refusal)
        }
        var read = AccessTally.Read(.list)
        read.parameters = parameters.pairs
        read.records = page.records.count
        read.client = context.client
        if !RecordReader.isOfLedgerItself(asked.query, page.records) {
            try services.tally.note(read, by: principal)
        }
        return page
    }

    /// Whether nothing was asked or shown but records of the ledger about itself.
    private static func isOfLedgerItself(_ query: RecordQuery, _ records: [FoundRecord]) -> Bool {
        guard records.isEmpty else { return records.allSatisfy(\.isOfLedgerItself) }
        let types = query.filters.first { $0.key == .type }?.values ?? []
        return !types.isEmpty && types.allSatisfy { $0.hasPrefix(EventType.reservedPrefix) }
    }

    // MARK: One record

    /// A record by its id, and the ledger it is in.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/notFound`` for one that the caller is not shown.
    func record(
        _ text: String,
        for context: ServerContext
    ) async throws -> (found: FoundRecord, ledger: Ledger) {
        let principal = try context.caller()
        let ledger = try await services.ledgers.ledger(of: principal.tenant)
        guard let id = EventID(text),
            let found = try await reader.record(id, in: ledger, for: principal.narrowing)
        else { throw Problem(.notFound) }
        return (found, ledger)
    }

    /// Notes that a caller is shown a record or its proof.
    func note(
        _ operation: AccessTally.Read.Operation,
        of found: FoundRecord,
        for context: ServerContext
    ) throws {
        guard let leaf = try? Leaf(parsing: found.record.leaf), leaf.schema != .ledger else {
            return
        }
        var read = AccessTally.Read(operation)
        read.event = leaf.id
        read.records = 1
        read.client = context.client
        try services.tally.note(read, by: try context.caller())
    }
}

extension Problem {
    /// Tells why a page cannot be given.
    fileprivate init(refusing refusal: LedgerReader.Refusal) {
        switch refusal {
        case .cursor: self.init(.invalidCursor, "Begin again without a cursor.")
        case .ahead(let size):
            self = .parameter("snapshot", "is more than the ledger's \(size) records")
        case .pageTooLarge:
            self = .parameter("page_size", "makes a page too large; ask for less, or by cursor")
        }
    }
}
