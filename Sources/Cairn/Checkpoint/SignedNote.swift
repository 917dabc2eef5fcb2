// SPDX-License-Identifier: Apache-2.0

/// A text with signatures, as C2SP signed-note defines it.
///
/// A note in hand is well formed, which says nothing about its signatures: see ``verify(with:)``.
/// Notes are equal when their bytes are, and ``encoded`` gives back the bytes that were read.
public struct SignedNote: Hashable, Sendable {
    /// The longest note that is read or made, in bytes.
    public static let limitBytes = 65_536
    /// The most signature lines of a note.
    public static let maxSignatures = 64

    let textBytes: [UInt8]
    /// The signature lines, in their order.
    public let signatures: [Signature]

    /// What is signed: the text with its final LF.
    public var text: String { String(decoding: textBytes, as: UTF8.self) }

    /// The whole note.
    public var encoded: String { String(decoding: encodedBytes, as: UTF8.self) }

    /// Reads a note.
    public init(parsing note: String) throws(MalformedNote) {
        try self.init(parsing: Array(note.utf8))
    }

    /// Reads a note from bytes that may not even be text.
    public init(parsing bytes: [UInt8]) throws(MalformedNote) {
        guard bytes.count <= SignedNote.limitBytes else { throw .tooLarge }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        if let control = NoteLines.controlCharacter(in: bytes) { throw .controlCharacter(control) }
        guard bytes.last == NoteLines.feed else { throw .noFinalNewline }
        guard let end = SignedNote.lastEmptyLine(of: bytes) else { throw .noSeparator }
        var lines = NoteLines(bytes[(end + 1)...])
        var signatures: [Signature] = []
        while let line = lines.next() {
            guard signatures.count < SignedNote.maxSignatures else { throw .tooManySignatures }
            guard let signature = Signature(parsing: line) else {
                throw .malformedSignature(signatures.count)
            }
            signatures.append(signature)
        }
        guard !signatures.isEmpty else { throw .noSignatures }
        self.textBytes = Array(bytes[..<end])
        self.signatures = signatures
    }

    /// Puts a text and signatures together, without asking whether they belong to each other.
    public init(text: String, signatures: [Signature]) throws(MalformedNote) {
        try self.init(textBytes: Array(text.utf8), signatures: signatures)
    }

    private init(textBytes: [UInt8], signatures: [Signature]) throws(MalformedNote) {
        if let control = NoteLines.controlCharacter(in: textBytes) {
            throw .controlCharacter(control)
        }
        guard textBytes.last == NoteLines.feed else { throw .noFinalNewline }
        guard !signatures.isEmpty else { throw .noSignatures }
        guard signatures.count <= SignedNote.maxSignatures else { throw .tooManySignatures }
        self.textBytes = textBytes
        self.signatures = signatures
        guard encodedBytes.count <= SignedNote.limitBytes else { throw .tooLarge }
    }

    /// Returns the note with one more signature line at its end.
    ///
    /// Throws if that is one line too many, or the note gets too long.
    public func adding(_ signature: Signature) throws(MalformedNote) -> SignedNote {
        try SignedNote(textBytes: textBytes, signatures: signatures + [signature])
    }

    /// Returns the keys whose signatures are on this note, in the order of the lines.
    ///
    /// A line is known if its name and its key ID are those of a key. Unknown lines are ignored,
    /// which is how keys are rotated. One known line that does not verify refuses the whole note,
    /// and so does the absence of any known line.
    public func verify(
        with keys: [NoteVerifierKey]
    ) throws(NoteVerificationFailure) -> [NoteVerifierKey] {
        var verified: [NoteVerifierKey] = []
        for signature in signatures {
            let known = keys.filter { $0.isNamed(by: signature) }
            guard !known.isEmpty else { continue }
            // Two keys can share a name and the 32 bits of an ID; the line is one's or the other's.
            let signer = known.first { $0.verifies(signature.bytes, over: textBytes) }
            guard let signer else {
                throw .badSignature(name: signature.name, keyID: signature.keyID)
            }
            if !verified.contains(signer) { verified.append(signer) }
        }
        guard !verified.isEmpty else { throw .noKnownSignature }
        return verified
    }

    private var encodedBytes: [UInt8] {
        textBytes + [NoteLines.feed] + signatures.flatMap(\.line)
    }

    /// Finds the last LF that follows an LF: what is before it is the text.
    private static func lastEmptyLine(of bytes: [UInt8]) -> Int? {
        bytes.indices.dropFirst().last {
            bytes[$0] == NoteLines.feed && bytes[$0 - 1] == NoteLines.feed
        }
    }
}
