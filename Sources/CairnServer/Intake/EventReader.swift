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
        let event: Event
        do throws(InvalidEvent) {
            event = try Event(parsing: bytes, limits: preparer.limits)
        } catch {
            throw EventReader.malformation(of: bytes) ?? error
        }
        return try preparer.prepare(event, by: principal)
    }

    /// Why bytes are no JSON, which is to be told before any rule of events that they break.
    private static func malformation(of bytes: UnsafeRawBufferPointer) -> InvalidEvent? {
        var reader = JSONReader(bytes, limits: JSONLimits(depth: 512, bytes: bytes.count))
        do throws(InvalidJSON) {
            try reader.skip()
            try reader.finish()
            return nil
        } catch {
            let malformed = InvalidEvent(error)
            return malformed.isMalformed ? malformed : nil
        }
    }

    /// Reads one event object, or says in the terms of the API why it cannot be recorded.
    func result(_ bytes: UnsafeRawBufferPointer) -> Result<PreparedEvent, Problem> {
        do throws(InvalidEvent) {
            return .success(try event(bytes))
        } catch {
            return .failure(Problem(telling: error))
        }
    }
}
