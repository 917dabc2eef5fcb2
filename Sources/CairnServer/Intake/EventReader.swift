// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Makes events of bytes, ready to be sequenced.
struct EventReader: Sendable {
    private let preparer: Preparer
    private let principal: Principal

    /// Reads events that a principal sent.
    init(preparer: Preparer, principal: Principal) {
        self.preparer = preparer
        self.principal = principal
    }

    /// Reads one event object and fills in what it leaves out.
    ///
    /// - Throws: ``InvalidEvent`` naming the member that breaks a rule.
    func event(_ bytes: UnsafeRawBufferPointer) throws(InvalidEvent) -> PreparedEvent {
        let event = try Event(parsing: bytes, limits: preparer.limits)
        return try preparer.prepare(
            event, principalID: principal.id, principalSubject: principal.subject)
    }

    /// Reads one event object, or says in the terms of the API why it cannot be recorded.
    func result(_ bytes: UnsafeRawBufferPointer) -> Result<PreparedEvent, Problem> {
        do throws(InvalidEvent) {
            return .success(try event(bytes))
        } catch {
            return .failure(Problem(error))
        }
    }
}
