// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import CairnServer

@Suite("Answers that nobody takes")
struct AnswerBudgetTests {
    private func answer(_ bytes: Int) -> Response {
        Response(
            status: .ok,
            body: ResponseBody(byteBuffer: ByteBuffer(repeating: 65, count: bytes))
        )
    }

    @Test("Answers count until nobody holds them, for their credential and in all")
    func bounds() throws {
        let budget = AnswerBudget()
        let (half, own) = (AnswerBudget.credentialBytes / 2, AnswerBudget.credentialBytes)
        var held = [
            try budget.admit(answer(half), to: "a"), try budget.admit(answer(half), to: "a"),
        ]
        #expect(budget.takenBytes == own)
        #expect(throws: Problem.self) { try budget.admit(answer(half), to: "a") }
        let others = AnswerBudget.totalBytes / own - 1
        for number in 0..<others { held.append(try budget.admit(answer(own), to: "b\(number)")) }
        #expect(throws: Problem.self) { try budget.admit(answer(half), to: "c") }
        // Short ones are a part of their connection.
        held.append(try budget.admit(answer(100), to: "a"))
        held.removeAll()
        #expect(budget.takenBytes == 0)
        _ = try budget.admit(answer(half), to: "a")
    }

    @Test("An answer that is written is whole, and counts no more")
    func written() async throws {
        let budget = AnswerBudget()
        let taker = Taker()
        func write() async throws {
            let response = try budget.admit(answer(100_000), to: "a")
            #expect(budget.takenBytes == 100_000)
            try await response.body.write(taker)
        }
        try await write()
        #expect(taker.count == 100_000)
        #expect(budget.takenBytes == 0)
    }
}

private final class Taker: ResponseBodyWriter {
    private(set) var count = 0

    func write(_ buffer: ByteBuffer) async throws { count += buffer.readableBytes }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
