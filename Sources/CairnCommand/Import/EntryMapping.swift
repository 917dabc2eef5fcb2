// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Reads the entries of one file as events in the native shape.
protocol EntryMapping: Sendable {
    /// What an entry says.
    mutating func read(_ bytes: [UInt8]) throws(ImportRefusal) -> MappedEntry
}

/// What an entry of a file turned out to be.
enum MappedEntry: Sendable, Equatable {
    /// An event, as a JSON text.
    case event([UInt8])
    /// Something that belongs into such a file but is no event, and what it is.
    case skipped(String)
}

/// Why an entry is no event.
struct ImportRefusal: Error, Equatable, CustomStringConvertible {
    /// The member and what is wrong with it.
    let description: String
}

/// Passes on events that are in the native shape already.
struct NativeMapping: EntryMapping {
    func read(_ bytes: [UInt8]) -> MappedEntry {
        .event(bytes)
    }
}

/// What every mapping does alike.
enum Mapping {
    /// The longest entry and the deepest that a mapping reads.
    private static let limits = JSONLimits(depth: 64, bytes: 8 << 20)

    /// An entry as the JSON value that it is.
    static func value(_ bytes: [UInt8], _ what: String = "item") throws(ImportRefusal) -> JSONValue
    {
        do {
            return try JSONValue(parsing: bytes, limits: limits)
        } catch {
            throw ImportRefusal(description: "the \(what) is not JSON: \(error)")
        }
    }

    /// An entry as the JSON object that it has to be.
    static func object(
        _ bytes: [UInt8],
        _ what: String = "item"
    ) throws(ImportRefusal) -> JSONObject {
        guard let object = try value(bytes, what).object else {
            throw ImportRefusal(description: "the \(what) is no object")
        }
        return object
    }

    /// A text as a value, unless it is none, is empty or breaks a limit.
    static func text(_ value: JSONValue?, _ limitBytes: Int) -> JSONValue? {
        guard let text = value?.string, !text.isEmpty, text.utf8.count <= limitBytes else {
            return nil
        }
        return .string(text)
    }

    /// The text as a type of event, with an underscore for each byte that a type cannot hold.
    static func type(_ text: String) -> String {
        // What begins so only the server itself may record.
        let isReserved = text.utf8.starts(with: EventType.reservedPrefix.utf8)
        let bytes = ((isReserved ? "imported." : "") + text).utf8
            .prefix(EventType.maximumBytes)
            .map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "_"),
                    UInt8(ascii: "."), UInt8(ascii: "-"):
                    byte
                default: UInt8(ascii: "_")
                }
            }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The actor of an event that names none.
    static let unknownActor: JSONObject = ["type": "unknown", "id": "unknown"]
}
