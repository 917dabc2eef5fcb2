// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a checkpoint.
public enum MalformedCheckpoint: Error, Equatable, Sendable {
    /// A control character other than LF occurs; the value is its code.
    case controlCharacter(UInt8)
    /// There are fewer than three lines, or the last one does not end in LF.
    case missingLine
    /// The first line, which names the log, is empty.
    case emptyOrigin
    /// The second line is not a decimal below 2^63 without sign and leading zeros.
    case badSize
    /// The third line is not the canonical base64 of 32 bytes.
    case badRoot
    /// The tree is empty and the root is not that of the empty tree.
    case wrongEmptyRoot
    /// A line after the third is empty.
    case emptyExtension
}

/// Why a checkpoint is not to be believed.
public enum UntrustedCheckpoint: Error, Equatable, Sendable {
    /// The log's signature is missing, or a signature by a known key is wrong.
    case unverified(NoteVerificationFailure)
    /// What was signed is not a checkpoint.
    case malformed(MalformedCheckpoint)
    /// The checkpoint is of another log; the value is that log's origin.
    case otherOrigin(String)
    /// Too few witnesses have cosigned it.
    case noQuorum(found: Int, needed: Int)
}

extension UntrustedCheckpoint: CustomStringConvertible {
    /// Why, for the one who brought it.
    public var description: String {
        switch self {
        case .unverified(.noKnownSignature): "no key that is known has signed it"
        case .unverified(.badSignature): "its signature is wrong"
        case .malformed: "what was signed is no checkpoint"
        case .otherOrigin(let origin): "it is of \(origin)"
        case .noQuorum(let found, let needed): "\(found) witnesses of \(needed) have signed it"
        }
    }
}
