// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI

/// The shapes of file that can be imported.
enum ImportFormat: String, CaseIterable, Sendable {
    /// Events in the native shape, one a line.
    case ndjson
    /// Log files of AWS CloudTrail.
    case cloudtrail
}

/// Where in the input an event came from.
struct ImportPlace: Equatable, Sendable, CustomStringConvertible {
    let file: String
    /// What is counted within the file: `line` or `record`.
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

/// Reads files one after the other, a batch at a time, and remembers where each event came from
/// until there is an answer.
actor ImportSource: EventBatches {
    /// The most events in a batch.
    static let batchEvents = 500
    /// The most bytes in a batch, unless one event is longer.
    static let batchBytes = 2 << 20

    private let format: ImportFormat
    private let mapping: CloudTrailMapping?
    private let reject: @Sendable (ImportRejection) -> Void
    private var files: ArraySlice<String>
    private var name = ""
    private var reader: (any EntryReader)?
    /// Places of events that were handed out and have no answer yet, the oldest first.
    private var places: [ImportPlace] = []
    private var answered = 0

    init(
        files: [String],
        format: ImportFormat,
        mapping: CloudTrailMapping?,
        reject: @escaping @Sendable (ImportRejection) -> Void
    ) {
        precondition((format == .cloudtrail) == (mapping != nil), "a mapping for CloudTrail alone")
        self.files = files[...]
        self.format = format
        self.mapping = mapping
        self.reject = reject
    }

    /// How many events have no answer.
    var openCount: Int { places.count - answered }

    func next() throws -> [[UInt8]]? {
        var batch: [[UInt8]] = []
        var bytes = 0
        while batch.count < ImportSource.batchEvents, bytes < ImportSource.batchBytes {
            guard let entry = try nextEntry() else { break }
            switch entry {
            case .unreadable(let number, let reason):
                reject(ImportRejection(place: place(number), status: 413, reason: reason))
            case .entry(let number, let text):
                guard let event = event(text, at: place(number)) else { continue }
                places.append(place(number))
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

    private func event(_ text: [UInt8], at place: ImportPlace) -> [UInt8]? {
        guard let mapping else { return text }
        do {
            return try mapping.event(from: text)
        } catch {
            reject(ImportRejection(place: place, status: 422, reason: error.description))
            return nil
        }
    }

    private func place(_ number: Int) -> ImportPlace {
        ImportPlace(
            file: name,
            unit: format == .cloudtrail ? "record" : "line",
            number: number
        )
    }

    private func nextEntry() throws -> ImportEntry? {
        while true {
            if reader == nil {
                guard let path = files.popFirst() else { return nil }
                reader = try open(path)
                name = path
            }
            if let entry = try reader?.next() { return entry }
            reader = nil
        }
    }

    private func open(_ path: String) throws -> any EntryReader {
        let file = try FileSource(path)
        let source: any ByteSource =
            path.hasSuffix(".gz") ? GzipSource(file, name: path) : file
        return switch format {
        case .ndjson: LineReader(source)
        case .cloudtrail: RecordsReader(source, name: path)
        }
    }
}
