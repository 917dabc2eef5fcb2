// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Items as a DynamoDB table exports them: each value under the name of its type, as in
/// `{"S": "text"}`, and the whole perhaps under `Item`.
enum DynamoDBItem {
    /// The item with its values as plain JSON; an item that is plain already stays as it is.
    ///
    /// Sets and binary values have no form in plain JSON, and keep their type's name.
    static func plain(_ item: JSONObject) -> JSONObject {
        let inner = item.count == 1 ? item["Item"]?.object ?? item : item
        guard inner["PK"]?.object != nil || inner["eventId"]?.object != nil,
            inner.allSatisfy({ untagged($0.value) != nil })
        else { return inner }
        return members(inner)
    }

    private static func members(_ object: JSONObject) -> JSONObject {
        JSONObject(object.map { (name: $0.name, value: untagged($0.value) ?? $0.value) })
    }

    /// The value under the name of its type; nil if there is none.
    private static func untagged(_ value: JSONValue) -> JSONValue? {
        guard let object = value.object, object.count == 1,
            let (tag, inner) = object.first(where: { _ in true })
        else { return nil }
        return switch (tag, inner) {
        case ("S", .string), ("BOOL", .bool): inner
        case ("N", .string(let text)): JSONNumber(parsing: text).map { .number($0) } ?? value
        case ("NULL", .bool): .null
        case ("L", .array(let elements)): .array(elements.map { untagged($0) ?? $0 })
        case ("M", .object(let own)): .object(members(own))
        case ("SS", .array), ("NS", .array), ("BS", .array), ("B", .string): value
        default: nil
        }
    }
}
