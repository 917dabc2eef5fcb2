// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import CairnLedger
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Problem {
    /// Tells any failure; what nobody foresaw is a mistake of the server.
    init(telling error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as LedgerError: self.init(telling: error)
        case let error as StoreError: self.init(telling: LedgerError(error))
        case let error as InvalidEvent: self.init(telling: error)
        case is NIOTooManyBytesError: self.init(.bodyTooLarge)
        case let error as any HTTPResponseError: self.init(status: error.status, error)
        default: self.init(.internalError, cause: error)
        }
    }

    /// Tells a ledger's failure; a new case must choose its code here.
    init(telling error: LedgerError) {
        switch error {
        case .notFound:
            self.init(.notFound)
        case .overloaded:
            self.init(.overloaded, "Send it again after a pause.")
        case .contended:
            self.init(.contended, "Nothing was written. Send it again.")
        case .unavailable(let cause):
            self.init(.unavailable, "Nothing was written. Send it again.", cause: cause)
        case .indeterminate(let cause):
            self.init(.indeterminate, "Send it again with the same event id.", cause: cause)
        case .clockStep:
            self.init(.clockStep, "Nothing was written.", cause: error)
        case .refused:
            self.init(.ledgerRefused, "Nothing was written.", cause: error)
        case .corrupt:
            self.init(.ledgerCorrupt, cause: error)
        }
    }

    /// Tells what is wrong with an event.
    init(telling error: InvalidEvent) {
        let code: Code =
            if error.isMalformed {
                .malformedBody
            } else if error.code == .tooLarge, error.field.isEmpty {
                .bodyTooLarge
            } else {
                .invalidEvent
            }
        self.init(
            code,
            error.description,
            errors: [
                .init(field: error.field, code: error.code.rawValue, message: error.message)
            ]
        )
    }

    /// Tells what Hummingbird says of a request.
    private init(status: HTTPResponse.Status, _ error: any Error) {
        switch status.code {
        case 404: self.init(.routeNotFound)
        case 405: self.init(.methodNotAllowed)
        case 413: self.init(.bodyTooLarge)
        case 415: self.init(.unsupportedMediaType)
        case 400..<500: self.init(.malformedBody, cause: error)
        default: self.init(.internalError, cause: error)
        }
    }

    /// Tells why an event of an append is not recorded; nil if it is.
    init?(telling outcome: AppendOutcome) {
        switch outcome {
        case .recorded, .known:
            return nil
        case .conflict(let first):
            self.init(
                .idConflict,
                "\(first.id) was recorded before, with other content or by somebody else.",
                errors: [
                    .init(
                        field: "id",
                        code: "conflict",
                        message: "is taken by another event"
                    )
                ]
            )
        case .contentUnavailable(let first):
            self.init(.contentUnavailable, "\(first.id) was recorded before.")
            receipt = first.body
        case .failed(let error):
            self.init(telling: error)
        }
    }
}
