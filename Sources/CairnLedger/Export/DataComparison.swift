// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Synchronization

/// Compares a data file with what the evidence gives, byte for byte.
final class DataComparison {
    private let name: String
    private let read: PieceReader
    private var rest: ArraySlice<UInt8> = []
    private var offset: UInt64 = 0
    private let evidence: Evidence

    /// The evidence, read by whoever asks for its next part.
    private final class Evidence: Sendable {
        private let check: Mutex<EvidenceCheck>

        init(_ check: EvidenceCheck) {
            self.check = Mutex(check)
        }

        var value: EvidenceCheck { check.withLock { $0 } }

        func next() throws -> [UInt8]? {
            try check.withLock { try $0.next() }
        }
    }

    /// The evidence, as far as it was read.
    var check: EvidenceCheck { evidence.value }

    /// Compares a file of this name.
    init(_ name: String, _ read: @escaping PieceReader, check: EvidenceCheck) {
        self.name = name
        self.read = read
        evidence = Evidence(check)
    }

    /// Goes through both files, and tells how many indexes were looked at.
    func compare(progress: (UInt64) -> Void) async throws {
        while let expected = try evidence.next() {
            try compare(expected)
            progress(evidence.value.counts.total)
            await Task.yield()
        }
        try expectEnd()
    }

    /// Makes the workbook anew and compares it.
    func compareWorkbook(of manifest: Manifest, tools: any ExportTools) async throws {
        let made = try await tools.workbook(
            of: manifest.request,
            facts: manifest.workbookFacts,
            rows: AsyncThrowingStream { [evidence] in try evidence.next() }
        )
        for try await piece in made { try compare(piece) }
        try expectEnd()
    }

    private func compare(_ expected: [UInt8]) throws {
        var wanted = expected[...]
        while !wanted.isEmpty {
            if rest.isEmpty {
                guard let piece = try read() else {
                    throw ExportFault(name, "ends after \(offset) bytes, before its last record")
                }
                rest = piece
            }
            let count = min(wanted.count, rest.count)
            guard Self.areEqual(wanted.prefix(count), rest.prefix(count)) else {
                throw ExportFault(name, "differs from the records behind byte \(offset)")
            }
            wanted = wanted.dropFirst(count)
            rest = rest.dropFirst(count)
            offset += UInt64(count)
        }
    }

    private static func areEqual(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                // Word by word, which the optimiser does not do by itself.
                var at = 0
                while at + 8 <= left.count {
                    let first = left.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    let second = right.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    guard first == second else { return false }
                    at += 8
                }
                return left[at...].elementsEqual(right[at...])
            }
        }
    }

    private func expectEnd() throws {
        while rest.isEmpty, let piece = try read() { rest = piece }
        guard rest.isEmpty else {
            throw ExportFault(name, "goes on behind its last record, at byte \(offset)")
        }
    }
}
