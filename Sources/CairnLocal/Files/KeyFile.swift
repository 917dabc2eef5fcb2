// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Foundation

/// The deployment's one signing key, in a file that only its owner may read.
package struct KeyFile: CheckpointSigner {
    /// Why a key file cannot be used.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// The file cannot be read or made.
        case unreadable(String, String)
        /// The file can be read by others than its owner.
        case tooOpen(String)
        /// The file holds no key.
        case malformed(String)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
            case .tooOpen(let path): "\(path) may be read by others; set its mode to 0600"
            case .malformed(let path): "\(path) holds no signing key"
            }
        }
    }

    /// The name a key file's text carries; ledgers sign under their own origins.
    private static let name = "cairn"

    private let seed: [UInt8]
    private let key: NoteSigningKey

    /// Signs with a key of 32 bytes.
    package init(seed: [UInt8]) throws(MalformedKey) {
        self.seed = seed
        key = try NoteSigningKey(name: KeyFile.name, seed: seed)
    }

    /// Reads the key at `path`, or makes one from `newSeed` when there is no file.
    package static func load(
        orCreateAt path: String,
        newSeed: () -> [UInt8]
    ) throws(Failure) -> KeyFile {
        if let existing = try load(at: path) { return existing }
        do {
            let made = try KeyFile(seed: newSeed())
            try Folder.write(Array((made.key.encoded + "\n").utf8), to: path, mode: 0o600)
            return made
        } catch {
            throw .unreadable(path, "\(error)")
        }
    }

    /// Reads the key at `path`, or returns nil when there is no file.
    package static func load(at path: String) throws(Failure) -> KeyFile? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .unreadable(path, String(cString: strerror(errno))) }
            return nil
        }
        guard status.st_mode & 0o077 == 0 else { throw .tooOpen(path) }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw .unreadable(path, "not text")
        }
        let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
        // The last 32 bytes of the key's base64 are the seed.
        guard (try? NoteSigningKey(parsing: line)) != nil,
            let encoded = line.split(separator: "+", maxSplits: 4).last,
            let bytes = Base64.decode(String(encoded)), bytes.count == 33,
            let file = try? KeyFile(seed: Array(bytes.dropFirst()))
        else { throw .malformed(path) }
        return file
    }

    /// The key's seed, from which cursor and link secrets derive.
    package var secret: [UInt8] { seed }

    package func verifierKey(for origin: String) -> NoteVerifierKey {
        key.named(origin).verifierKey
    }

    package func sign(_ checkpoint: Checkpoint) async throws(StoreError) -> SignedNote {
        key.named(checkpoint.origin).sign(checkpoint.text)
    }
}

/// Files that hold a secret, for their owner alone.
package enum SecretFile {
    /// Makes a text durable in a file of mode 0600, in place of what was there.
    package static func write(_ text: String, to path: String) throws {
        try Folder.write(Array(text.utf8), to: path, mode: 0o600)
    }
}
