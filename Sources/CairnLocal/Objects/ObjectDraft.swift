// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import Foundation
internal import Synchronization

internal import struct Crypto.SHA256

/// Content that is being written, of an object that is not there yet.
final class ObjectDraft: Sendable {
    private struct State: Sendable {
        var waiting: [UInt8] = []
        var size: UInt64 = 0
        var unsynchronised = 0
        var hasher: SHA256?
    }

    /// How much is written at once, in bytes.
    private static let pieceBytes = 1 << 20
    /// How many bytes are written before the disk is made to have them.
    private static let synchronisedBytes = 16 << 20
    /// Sets the drafts of a process apart.
    private static let drafts = Atomic(0)

    /// Where the object will be.
    let place: ObjectPlace
    /// The end of the file's name: of this process and no other draft of its.
    let content: String
    private let file: OpenFile
    private let state: Mutex<State>

    /// Begins a draft, while the store's lock is held: nobody sees the content before it is locked.
    init(_ key: ObjectKey, in root: OpenFile, hashing: Bool) throws {
        place = try ObjectPlace(making: key, in: root)
        var attempts = 0
        while true {
            // A process before this one may have had its number; nothing is written over.
            let number = ObjectDraft.drafts.wrappingAdd(1, ordering: .relaxed).newValue
            let content = "\(getpid())-\(number)"
            do {
                file = try place.newContent(content)
                self.content = content
                state = Mutex(State(hasher: hashing ? SHA256() : nil))
                return
            } catch let error as FileFailure where error.errno == EEXIST {
                attempts += 1
                guard attempts < 10_000 else { throw error }
            }
        }
    }

    /// Takes bytes, and says whether there are enough to be written.
    func take(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            state.waiting += bytes
            return state.waiting.count >= ObjectDraft.pieceBytes
        }
    }

    /// Writes what waits.
    func write() throws {
        let (bytes, isDue) = state.withLock { state in
            defer { state.waiting = [] }
            state.size += UInt64(state.waiting.count)
            state.unsynchronised += state.waiting.count
            state.hasher?.update(data: state.waiting)
            let isDue = state.unsynchronised >= ObjectDraft.synchronisedBytes
            if isDue { state.unsynchronised = 0 }
            return (state.waiting, isDue)
        }
        try file.write(bytes)
        // While the next bytes are made, so that less is left at the end.
        if isDue { try file.synchronise() }
    }

    /// Makes the content durable, and returns its length and its hash if that was asked for.
    func finish() throws -> (size: UInt64, digest: Digest?) {
        try write()
        try file.synchronise()
        return state.withLock { ($0.size, $0.hasher.flatMap { Digest(Array($0.finalize())) }) }
    }

    /// Takes the content away, unless a sheet names it: a folder that could not be synchronised may
    /// have the object after all.
    func discard() {
        // What a sheet names that cannot be read is not known; opening the folder anew tells.
        guard case .success(let sheet) = Result(catching: { try place.sheet() }) else { return }
        if sheet?.content != content { place.removeContent(content) }
    }
}
