// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a signed note.
public enum MalformedNote: Error, Equatable, Sendable {
    /// The note is longer than ``SignedNote/limitBytes``.
    case tooLarge
    /// The bytes are not UTF-8.
    case notUTF8
    /// A control character other than LF occurs; the value is its code.
    case controlCharacter(UInt8)
    /// The text, or the note, does not end in LF.
    case noFinalNewline
    /// No empty line parts text from signatures.
    case noSeparator
    /// Nothing follows the empty line.
    case noSignatures
    /// There are more signature lines than ``SignedNote/maxSignatures``.
    case tooManySignatures
    /// A line after the empty one is no signature; the value is its position among them, from 0.
    case malformedSignature(Int)
}

/// Why a note is not to be believed.
public enum NoteVerificationFailure: Error, Equatable, Sendable {
    /// No signature line is by a key the verifier was given.
    case noKnownSignature
    /// A line has the name and ID of a key the verifier was given, and does not verify with it.
    case badSignature(name: String, keyID: UInt32)
}
