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
        let query = try RecordQuery(asked)
        let tenant = ledger.tenant
        var size = try await ledger.durableHead().size
        var place: PagePosition?
        if let text = asked.cursor {
            do throws(Cursor.Invalid) {
                let cursor = try cursors.decode(text, ledger: tenant.ledger, query: query)
                (size, place) = (cursor.size, cursor.place)
            } catch {
                throw ClientError(.invalidQuery, "cursor: is not one of this query")
            }
        }
        // One more than is asked for tells whether there is more.
        var found = try await store.page(
            query,
            in: tenant.ledger,
            size: size,
            after: place,
            limit: asked.limit + 1
        )
        var next: String?
        if found.count > asked.limit {
            found.removeLast()
            if let last = found.last?.record {
                let place = PagePosition(occurredAt: last.occurredAt, index: last.index)
                next = cursors.encode(
                    Cursor(size: size, place: place),
                    ledger: tenant.ledger,
                    query: query
                )
            }
        }
        return Page(
            records: try found.map(EmbeddedLedger.record),
            nextCursor: next,
            ledgerSize: size
        )
    }

    private static func record(_ found: FoundRecord) throws -> Record {
        let leaf: Leaf
        do {
            leaf = try Leaf(parsing: found.record.leaf)
        } catch {
            throw StoreError.corrupt("the leaf of record \(found.record.index) is malformed")
        }
        var output = JSONOutput()
        RecordBody(
            id: found.record.id,
            index: found.record.index,
            receivedAt: leaf.receivedAt,
            retentionClass: leaf.retentionClass,
            fields: found.record.payload?.fields,
            leafHash: found.record.leafHash,
            previousHash: found.previousHash,
            hash: found.record.chain
        ).append(to: &output)
        return try Record(
            JSONValue(
                parsing: output.bytes,
                limits: JSONLimits(depth: 40, bytes: output.bytes.count)
            )
        )
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
