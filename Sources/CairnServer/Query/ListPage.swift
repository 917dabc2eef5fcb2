// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// One page of a list that is no query of a ledger, such as keys.
struct ListPage<Item> {
    /// The items.
    let items: [Item]
    /// Where the next page begins, if there is one.
    let nextCursor: String?

    /// Cuts the page that a request asks for out of a list, whose items have names of their own.
    ///
    /// - Throws: ``Problem`` naming the parameter that is wrong.
    init(
        of all: [Item],
        _ parameters: QueryParameters,
        named list: String,
        _ name: (Item) -> String,
        _ cursors: CursorCodec,
        _ configuration: ServerConfiguration
    ) throws(Problem) {
        let limit = try EventQuery.limit(parameters, configuration)
        var rest = all[...]
        if let text = try parameters.one("cursor") {
            let place: String
            do throws(Cursor.Invalid) {
                place = try cursors.decode(text, of: list)
            } catch {
                throw Problem(.invalidCursor, "Begin again without a cursor.")
            }
            guard let last = all.firstIndex(where: { name($0).utf8.elementsEqual(place.utf8) })
            else { throw Problem(.invalidCursor, "Begin again without a cursor.") }
            rest = all[(last + 1)...]
        }
        items = Array(rest.prefix(limit))
        nextCursor =
            rest.count > limit ? items.last.map { cursors.encode(name($0), of: list) } : nil
    }

    /// The page as it is answered.
    func json(_ member: String, _ body: (Item) -> JSONValue) -> JSONValue {
        var members = JSONObject()
        members[member] = .array(items.map(body))
        members["next_cursor"] = nextCursor.map { .string($0) }
        return .object(members)
    }
}
