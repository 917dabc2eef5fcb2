// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
public import CairnClient
internal import CairnLedger
internal import CairnLocal

extension EmbeddedLedger {
    /// How many records one page may have.
    private static let limits = 1...1000

    /// Answers from the store, as a server over it would.
    public func page(_ query: AuditQuery) async -> Result<Page, ClientError> {
        do {
            return .success(try await answer(query))
        } catch let error as ClientError {
            return .failure(error)
        } catch let error as LedgerError {
            return .failure(ClientError(error))
        } catch {
            return .failure(ClientError(.unavailable, "the store cannot be read", cause: error))
        }
    }

    private func answer(_ asked: AuditQuery) async throws -> Page {
        guard EmbeddedLedger.limits.contains(asked.limit) else {
            throw ClientError(.invalidQuery, "limit: must be from 1 to 1000")
        }
        let reader = LedgerReader(store: store, index: store, cursors: cursors)
        let page: LedgerReader.Page
        do {
            page = try await reader.page(
                LedgerReader.Request(
                    query: try RecordQuery(asked),
                    limit: asked.limit,
                    cursor: asked.cursor
                ),
                in: ledger
            )
        } catch is LedgerReader.Refusal {
            throw ClientError(.invalidQuery, "cursor: is not one of this query")
        }
        return Page(
            records: try page.records.map(EmbeddedLedger.record),
            nextCursor: page.next,
            ledgerSize: page.size
        )
    }

    private static func record(_ found: FoundRecord) throws -> Record {
        let body: RecordBody
        do throws(Leaf.Malformed) {
            body = try RecordBody(
                leaf: found.record.leaf,
                fields: found.record.payload?.fields,
                leafHash: found.record.leafHash,
                previousHash: found.previousHash,
                hash: found.record.chain
            )
        } catch {
            throw StoreError.corrupt("the leaf of record \(found.record.index) is malformed")
        }
        return try Record(body.json())
    }
}

extension RecordQuery {
    /// Takes a question as an application asks it; values are in one order, so that a cursor
    /// belongs to a question however it is written.
    fileprivate init(_ asked: AuditQuery) throws(ClientError) {
        self.init()
        let conditions: [(FilterKey, [String])] = [
            (.type, asked.types), (.action, asked.actions),
            (.outcome, asked.outcomes.map(\.rawValue)),
            (.severity, asked.severities.map(\.rawValue)), (.actorID, asked.actorIDs),
            (.actorType, asked.actorTypes), (.resourceType, asked.resourceTypes),
            (.resourceID, asked.resourceIDs), (.requestID, asked.requestIDs),
            (.externalID, asked.externalIDs),
        ]
        filters = conditions.filter { !$0.1.isEmpty }.map { key, values in
            Filter(key, values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
        filters += asked.details.sorted { $0.key < $1.key }
            .map { Filter(.details($0.key), [$0.value]) }
        occurredFrom = asked.from
        occurredTo = asked.to
        guard let words = asked.text else { return }
        guard let parsed = TextQuery(parsing: words) else {
            throw ClientError(.invalidQuery, "text: has no word in it")
        }
        text = parsed
    }
}
