// SPDX-License-Identifier: Apache-2.0

/// Whose signatures make a checkpoint worth believing.
///
/// The log's own signature says that the log stands by the checkpoint. Cosignatures of witnesses
/// say that the log has not shown another history to somebody else.
public struct TrustPolicy: Sendable {
    /// The log's own keys, of which one must have signed.
    public let logKeys: [NoteVerifierKey]
    /// The keys of the witnesses; only those for cosignatures count.
    public let witnesses: [NoteVerifierKey]
    /// How many witnesses must have cosigned; not negative.
    public let quorum: Int

    /// Says whom to trust; a quorum that the witnesses cannot reach refuses every checkpoint.
    public init(logKeys: [NoteVerifierKey], witnesses: [NoteVerifierKey], quorum: Int) {
        precondition(quorum >= 0, "a quorum is a count")
        self.logKeys = logKeys
        self.witnesses = witnesses
        self.quorum = quorum
    }

    /// Returns the checkpoint in a note if this policy is met, or says why it is not.
    ///
    /// Every line by a known key verifies, one of them by a log key. The checkpoint is of `origin`
    /// or, without one, of a log that has the name of a log key that signed. As many witnesses
    /// as the quorum asks for have cosigned; a witness is a public key, under however many names,
    /// on however many lines.
    public func judge(
        _ note: SignedNote,
        origin: String?
    ) throws(UntrustedCheckpoint) -> Checkpoint {
        let signers: [NoteVerifierKey]
        do {
            signers = try note.verify(with: logKeys + witnesses)
        } catch {
            throw .unverified(error)
        }
        let logSigners = signers.filter(logKeys.contains)
        guard !logSigners.isEmpty else { throw .unverified(.noKnownSignature) }

        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(parsing: note.textBytes)
        } catch {
            throw .malformed(error)
        }
        let names = origin.map { [Array($0.utf8)] } ?? logSigners.map(\.nameBytes)
        guard names.contains(where: checkpoint.isOf) else { throw .otherOrigin(checkpoint.origin) }

        let cosigners = signers.filter { $0.algorithm == .cosignature && witnesses.contains($0) }
        let found = Set(cosigners.map(\.publicKey)).count
        guard found >= quorum else { throw .noQuorum(found: found, needed: quorum) }
        return checkpoint
    }
}
