// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import CairnServer

@Suite("Turns")
struct TurnsTests {
    private struct Failure: Error {}

    /// Who had a turn, and whether turns end.
    private final class Course: Sendable {
        private let state = Mutex((begun: [Int](), mayEnd: false))

        var begun: [Int] { state.withLock { $0.begun } }
        var mayEnd: Bool { state.withLock { $0.mayEnd } }

        func begin(_ number: Int) { state.withLock { $0.begun.append(number) } }
        func letEnd() { state.withLock { $0.mayEnd = true } }
    }

    @Test("Only so many have their turn at once, in order of coming, and a failure gives it on")
    func order() async throws {
        let turns = Turns(1)
        let course = Course()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask {
                    try? await turns.take { () async throws(Failure) in
                        course.begin(number)
                        while !course.mayEnd { await Task.yield() }
                        if number == 0 { throw Failure() }
                    }
                }
                while turns.waiting + course.begun.count <= number { await Task.yield() }
            }
            #expect(course.begun == [0])
            course.letEnd()
        }
        #expect(course.begun == [0, 1, 2])
        #expect(turns.waiting == 0)
    }
}
