// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Where in the input an event came from.
struct ImportPlace: Equatable, Sendable, CustomStringConvertible {
    let file: String
    /// What is counted within the file: `line`, `record` or `item`.
    let unit: String
    /// The position within the file, from 1.
    let number: Int

    var description: String { "\(file): \(unit) \(number)" }
}

/// An entry of the input that is not recorded, and why.
struct ImportRejection: Equatable, Sendable {
    let place: ImportPlace
    let status: Int
    let reason: String
}

/// Something to tell of an import, beside what became of the events that it found.
enum ImportNote: Equatable, Sendable {
    /// An entry is no event.
    case rejected(ImportRejection)
    /// An entry belongs there and is no event, for this reason.
    case skipped(String)
    /// A file cannot be read, or not to its end.
    case unread(file: String, reason: String)
}

/// Reads files one after the other, a batch at a time, and remembers where each event came from
/// until there is an answer.
actor ImportSource: EventBatches {
    /// The most events in a batch.
    static let batchEvents = 500
    /// The most bytes in a batch, unless one event is longer.
    static let batchBytes = 2 << 20

    private let plan: ImportPlan
    private let note: @Sendable (ImportNote) -> Void
    private var files: ArraySlice<String>
    private var name = ""
    private var open: (reader: any EntryReader, mapping: any EntryMapping)?
    /// Places of events that were handed out and have no answer yet, the oldest first.
    private var places: [ImportPlace] = []
    private var answered = 0

    init(
        files: [String],
        plan: ImportPlan,
        note: @escaping @Sendable (ImportNote) -> Void
    ) {
        self.files = files[...]
        self.plan = plan
        self.note = note
    }

    /// How many events have no answer.
    var openCount: Int { places.count - answered }

    func next() throws -> [[UInt8]]? {
        var batch: [[UInt8]] = []
        var bytes = 0
        while batch.count < ImportSource.batchEvents, bytes < ImportSource.batchBytes {
            guard let (entry, unit) = try nextEntry() else { break }
            switch entry {
            case .unreadable(let number, let reason):
                reject(place(unit, number), 413, reason)
            case .entry(let number, let text):
                let place = place(unit, number)
                guard let event = event(text, at: place) else { continue }
                places.append(place)
                batch.append(event)
                bytes += event.count
            }
        }
        return batch.isEmpty ? nil : batch
    }

    /// The place of the oldest event without an answer, which now has one.
    func answer() -> ImportPlace? {
        guard answered < places.count else { return nil }
        let place = places[answered]
        answered += 1
        if answered >= 4096 {
            places.removeFirst(answered)
            answered = 0
        }
        return place
    }

    /// The event that an entry tells of; nil if there is none, which is told.
    private func event(_ text: [UInt8], at place: ImportPlace) -> [UInt8]? {
        do throws(ImportRefusal) {
            switch try open?.mapping.read(text) {
            case .event(let event): return event
            case .skipped(let what): note(.skipped(what))
            case nil: break
            }
        } catch {
            reject(place, 422, error.description)
        }
        return nil
    }

    private func reject(_ place: ImportPlace, _ status: Int, _ reason: String) {
        note(.rejected(ImportRejection(place: place, status: status, reason: reason)))
    }

    private func place(_ unit: String, _ number: Int) -> ImportPlace {
        ImportPlace(file: name, unit: unit, number: number)
    }

    /// The next entry and what it is called; a file that cannot be read further is told and left.
    private func nextEntry() throws -> (entry: ImportEntry, unit: String)? {
        while true {
            do {
                if open == nil {
                    guard let path = files.popFirst() else { return nil }
                    name = path
                    open = try plan.open(path)
                }
                if let entry = try open?.reader.next() {
                    return (entry, open?.reader.unit ?? "")
                }
            } catch let failure as CommandFailure {
                note(.unread(file: name, reason: failure.description))
            }
            open = nil
        }
    }
}
