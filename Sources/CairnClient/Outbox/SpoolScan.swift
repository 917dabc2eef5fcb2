// SPDX-License-Identifier: Apache-2.0

/// The whole entries in bytes of a segment, and what lies between them.
///
/// Where an entry is not whole its length cannot be believed either, so the next one is looked for
/// at every place behind it.
struct SpoolScan {
    /// Where the entries are.
    private(set) var entries: [Range<Int>] = []
    /// What is none, in order.
    private(set) var gaps: [Range<Int>] = []
    /// The source's next number after all entries; 0 if there is none.
    private(set) var nextNumber: UInt64 = 0

    /// Looks through bytes from a place on.
    init(_ bytes: [UInt8], from start: Int) {
        var place = start
        var gap: Int?
        while place < bytes.count {
            guard SpoolScan.mayBegin(at: place, bytes), let entry = SpoolEntry(bytes[place...])
            else {
                gap = gap ?? place
                place += 1
                continue
            }
            if let from = gap.take() { gaps.append(from..<place) }
            entries.append(place..<place + entry.count)
            nextNumber = max(nextNumber, entry.nextNumber)
            place += entry.count
        }
        if let gap { gaps.append(gap..<bytes.count) }
    }

    /// Whether an entry may begin at a place: its length and its number begin with zeros, which no
    /// byte of an event is.
    private static func mayBegin(at place: Int, _ bytes: [UInt8]) -> Bool {
        place + SpoolEntry.headerBytes < bytes.count && bytes[place] == 0 && bytes[place + 4] == 0
    }
}
