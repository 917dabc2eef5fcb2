// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnAPI
import CairnLedger
import CairnServer

extension AppendResult {
    /// Tells an event that breaks a rule as a server would.
    init(_ invalid: InvalidEvent, line: Int) {
        let code: Problem.Code = invalid.isMalformed ? .malformedBody : .invalidEvent
        self.init(
            line: line,
            status: invalid.isMalformed ? 400 : 422,
            code: code,
            errors: [
                .init(
                    field: invalid.field,
                    code: invalid.code.rawValue,
                    message: invalid.message
                )
            ]
        )
    }

    /// Tells what became of an event as a server would.
    init(_ outcome: AppendOutcome, line: Int) {
        switch outcome {
        case .recorded(let receipt):
            self.init(line: line, status: 201, receipt: ReceiptBody(receipt), problem: nil)
        case .known(let receipt):
            self.init(line: line, status: 200, receipt: ReceiptBody(receipt), problem: nil)
        case .conflict:
            self.init(line: line, status: 409, code: .idConflict)
        case .contentUnavailable:
            self.init(line: line, status: 409, code: .contentUnavailable)
        case .failed(let error):
            self.init(
                line: line,
                status: 503,
                code: .unavailable,
                detail: CommandFailure(error).description
            )
        }
    }

    private init(
        line: Int,
        status: Int,
        code: Problem.Code,
        detail: String? = nil,
        errors: [ProblemBody.Member] = []
    ) {
        self.init(
            line: line,
            status: status,
            receipt: nil,
            problem: ProblemBody(
                status: status,
                code: code.rawValue,
                title: code.title,
                detail: detail,
                errors: errors
            )
        )
    }
}

extension ReceiptBody {
    /// Tells a receipt.
    init(_ receipt: Receipt) {
        self.init(
            id: receipt.id,
            index: receipt.index,
            receivedAt: receipt.receivedAt,
            leafHash: receipt.leafHash,
            previousHash: receipt.previousHash,
            hash: receipt.hash,
            origin: receipt.origin
        )
    }
}
