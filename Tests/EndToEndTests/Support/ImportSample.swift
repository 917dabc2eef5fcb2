// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation

@testable import CairnCommand

/// What the reading of imported files says, entry by entry.
enum ImportSample {
    /// One entry of a file.
    enum Entry: Equatable {
        case event(Event)
        case skipped(String)
        case refused(place: Int, reason: String)

        /// The event, if this is one.
        var event: Event? {
            if case .event(let event) = self { event } else { nil }
        }
    }

    /// The path of a sample.
    static func path(_ name: String) -> String {
        CairnBinary.repository.appendingPathComponent("Tests/EndToEndTests/Samples/\(name)").path
    }

    /// Reads a sample.
    static func read(
        _ format: ImportFormat,
        _ name: String,
        key: UInt8 = 7,
        from place: String = ""
    ) throws -> [Entry] {
        let plan = ImportPlan(
            format: format,
            importKey: Array(repeating: key, count: 32),
            place: place
        )
        var (reader, mapping) = try plan.open(path(name))
        return try entries(&reader, &mapping)
    }

    /// Reads a text as the only entry of a file.
    static func map(_ text: String, _ mapping: some EntryMapping) throws -> Event {
        var mapping = mapping
        guard case .event(let bytes) = try mapping.read(Array(text.utf8)) else {
            throw Unexpected("no event")
        }
        return try event(bytes)
    }

    /// Everything that a reader and a mapping make of a file.
    static func entries(
        _ reader: inout any EntryReader,
        _ mapping: inout any EntryMapping
    ) throws -> [Entry] {
        var entries: [Entry] = []
        while let entry = try reader.next() {
            switch entry {
            case .unreadable(let place, let reason):
                entries.append(.refused(place: place, reason: reason))
            case .entry(let place, let bytes):
                do throws(ImportRefusal) {
                    switch try mapping.read(bytes) {
                    case .skipped(let what): entries.append(.skipped(what))
                    case .event(let bytes): entries.append(.event(try event(bytes)))
                    }
                } catch {
                    entries.append(.refused(place: place, reason: error.description))
                }
            }
        }
        return entries
    }

    /// The event in its text; one that is not valid is a refusal that no file has.
    private static func event(_ bytes: [UInt8]) throws(ImportRefusal) -> Event {
        do {
            return try bytes.withUnsafeBytes { try Event(parsing: $0) }
        } catch {
            throw ImportRefusal(description: "not valid: \(error)")
        }
    }
}

/// Bytes that a test makes up.
struct MadeSource: ByteSource {
    private let piece: [UInt8]
    private var left: Int

    /// One piece, so many times.
    init(_ piece: [UInt8], times: Int = 1) {
        self.piece = piece
        left = times
    }

    init(_ text: String) {
        self.init(Array(text.utf8))
    }

    mutating func next() -> [UInt8]? {
        guard left > 0 else { return nil }
        left -= 1
        return piece
    }
}

/// One source after another.
struct JoinedSource: ByteSource {
    private var sources: ArraySlice<any ByteSource>

    init(_ sources: any ByteSource...) {
        self.sources = sources[...]
    }

    mutating func next() throws -> [UInt8]? {
        while var first = sources.popFirst() {
            guard let piece = try first.next() else { continue }
            sources.insert(first, at: sources.startIndex)
            return piece
        }
        return nil
    }
}
