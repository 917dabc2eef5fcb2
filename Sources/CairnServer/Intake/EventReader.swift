// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger

/// Makes events of bytes, ready to be sequenced.
struct EventReader: Sendable {
    private let preparer: Preparer
    private let principal: Principal
    private let makeID: (@Sendable (_ position: Int) -> EventID)?

    /// Reads events that a principal sent.
    ///
    /// `makeID` gives an event without an id one by its position; otherwise it gets a new one.
    init(
        preparer: Preparer,
        principal: Principal,
        makeID: (@Sendable (_ position: Int) -> EventID)? = nil
    ) {
        self.preparer = preparer
        self.principal = principal
        self.makeID = makeID
    }

    /// Reads one event object and fills in what it leaves out.
    ///
    /// - Throws: ``InvalidEvent`` naming the member that breaks a rule.
    func event(
        _ bytes: UnsafeRawBufferPointer,
        at position: Int = 0
    ) throws(InvalidEvent) -> PreparedEvent {
        let event: Event
        do throws(InvalidEvent) {
            event = try Event(parsing: bytes, limits: preparer.limits)
        } catch {
            throw EventReader.malformation(of: bytes) ?? error
        }
        return try preparer.prepare(
            event,
            of: principal.tenant,
            by: principal,
            fallbackID: makeID?(position)
        )
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
        result(bytes, at: 0)
    }

    /// Reads the event object at a position of a bulk.
    func result(
        _ bytes: UnsafeRawBufferPointer,
        at position: Int
    ) -> Result<PreparedEvent, Problem> {
        do throws(InvalidEvent) {
            return .success(try event(bytes, at: position))
        } catch {
            return .failure(Problem(telling: error))
        }
    }
}
