// SPDX-License-Identifier: Apache-2.0

extension SignedNote {
    /// One signature line of a note: whose it claims to be, and what that key's algorithm made.
    public struct Signature: Hashable, Sendable {
        let nameBytes: [UInt8]
        /// The first four bytes of the hash of the key, its name and its algorithm.
        public let keyID: UInt32
        /// What follows the key ID; its meaning depends on the key's algorithm.
        public let bytes: [UInt8]

        /// The name of the key.
        public var name: String { String(decoding: nameBytes, as: UTF8.self) }

        /// A signature line by a key; the bytes are not empty.
        init(by key: NoteVerifierKey, bytes: [UInt8]) {
            precondition(!bytes.isEmpty, "a signature is not empty")
            self.nameBytes = key.nameBytes
            self.keyID = key.keyID
            self.bytes = bytes
        }

        /// Reads a signature line without its LF, such as a witness answers; nil if it is none.
        public init?(parsing line: String) {
            self.init(parsing: ArraySlice(line.utf8))
        }

        init?(parsing line: ArraySlice<UInt8>) {
            guard line.starts(with: Signature.prefix) else { return nil }
            let parts = line.dropFirst(Signature.prefix.count).split(
                separator: UInt8(ascii: " "),
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, NoteLines.isKeyName(parts[0]),
                let payload = Base64.decode(String(decoding: parts[1], as: UTF8.self)),
                payload.count > 4
            else { return nil }
            self.nameBytes = Array(parts[0])
            self.keyID = payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
            self.bytes = Array(payload.dropFirst(4))
        }

        /// The line with its LF.
        var line: [UInt8] {
            let payload = Base64.encode(keyID.bigEndianBytes + bytes)
            return Signature.prefix + nameBytes + [UInt8(ascii: " ")] + payload.utf8
                + [NoteLines.feed]
        }

        /// U+2014 EM DASH and a space.
        private static let prefix: [UInt8] = [0xE2, 0x80, 0x94, 0x20]
    }
}
