// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes

extension Receipt {
    /// The receipt as the API writes it.
    var body: ReceiptBody {
        ReceiptBody(
            id: id,
            index: index,
            receivedAt: receivedAt,
            leafHash: leafHash,
            previousHash: previousHash,
            hash: hash,
            origin: origin
        )
    }
}

/// What became of one event, as its sender is told.
enum Settlement {
    /// It is recorded: now, or before.
    case accepted(Receipt, isNew: Bool)
    /// It is not recorded, or not known to be.
    case refused(Problem)

    /// Tells the outcome of an append.
    init(_ outcome: AppendOutcome) {
        switch outcome {
        case .recorded(let receipt): self = .accepted(receipt, isNew: true)
        case .known(let receipt): self = .accepted(receipt, isNew: false)
        case .conflict, .contentUnavailable, .failed:
            guard let problem = Problem(telling: outcome) else {
                preconditionFailure("an event that is not recorded has a problem")
            }
            self = .refused(problem)
        }
    }

    /// The status of the answer, had the event come alone.
    var status: HTTPResponse.Status {
        switch self {
        case .accepted(_, let isNew): isNew ? .created : .ok
        case .refused(let problem): problem.code.status
        }
    }

    /// The receipt, if it is recorded.
    var receipt: Receipt? {
        switch self {
        case .accepted(let receipt, _): receipt
        case .refused: nil
        }
    }

    /// How the counter of events names it.
    var metric: RequestMetrics.EventResult {
        switch self {
        case .accepted(_, let isNew): isNew ? .recorded : .known
        case .refused(let problem):
            switch problem.code.status {
            case .conflict: .conflict
            case .serviceUnavailable, .internalServerError: .failed
            default: .rejected
            }
        }
    }

    /// The result as one item of a bulk, or one line of a stream.
    func result(line: Int?, requestID: String?) -> AppendResult {
        switch self {
        case .accepted(let receipt, _):
            AppendResult(line: line, status: status.code, receipt: receipt.body, problem: nil)
        case .refused(let problem):
            AppendResult(
                line: line,
                status: status.code,
                receipt: nil,
                problem: problem.body(requestID: requestID)
            )
        }
    }
}
