// SPDX-License-Identifier: Apache-2.0
import CairnArchive
import CairnLedger

/// The bytes of a gzip stream, of one member or several (RFC 1952).
struct GzipSource: ByteSource {
    private var source: any ByteSource
    private let name: String
    private let reader = GunzipReader()
    private var input: ArraySlice<UInt8> = []

    /// Inflates what `source` gives.
    init(_ source: any ByteSource, name: String) {
        self.source = source
        self.name = name
    }

    mutating func next() throws -> [UInt8]? {
        while true {
            let step: (output: [UInt8], consumed: Int)
            do throws(StoreError) {
                step = try reader.next(input)
            } catch {
                throw CommandFailure.badInput("\(name) is not gzip, or damaged")
            }
            let isTaken = step.consumed == input.count
            input = input.dropFirst(step.consumed)
            if !step.output.isEmpty { return step.output }
            guard isTaken else { continue }
            guard let piece = try source.next() else {
                guard reader.isComplete else {
                    throw CommandFailure.badInput("\(name) ends too early")
                }
                return nil
            }
            input = piece[...]
        }
    }
}
