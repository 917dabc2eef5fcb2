// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger

/// How a command ends; the same four codes for every command.
enum ExitStatus: Int32, Sendable {
    /// What was asked for was done, or holds.
    case good = 0
    /// What was checked does not hold.
    case doesNotHold = 1
    /// The command line, a setting or the input is wrong.
    case badInput = 2
    /// The server or the store cannot be reached, or is in use.
    case unavailable = 3
}

/// Why a command ends before its work is done: a message for people, and an exit code.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
    /// The exit code.
    let status: ExitStatus
    /// What is wrong and what to do about it.
    let description: String

    /// The command line, a setting or the input is wrong.
    static func badInput(_ message: String) -> CommandFailure {
        CommandFailure(status: .badInput, description: message)
    }

    /// The server or the store cannot be reached, or is in use.
    static func unavailable(_ message: String) -> CommandFailure {
        CommandFailure(status: .unavailable, description: message)
    }

    /// What was checked does not hold.
    static func doesNotHold(_ message: String) -> CommandFailure {
        CommandFailure(status: .doesNotHold, description: message)
    }
}

extension CommandFailure {
    /// Tells a failure of a ledger to whoever runs the command.
    init(_ error: LedgerError) {
        self =
            switch error {
            case .notFound: .badInput("there is no such record or tenant")
            case .overloaded: .unavailable("too much is waiting; try again")
            case .contended: .unavailable("other writers kept moving the ledger; try again")
            case .unavailable(let cause): .unavailable("the store cannot be used: \(cause)")
            case .indeterminate(let cause):
                .unavailable("the outcome is not known, retry with the same event id: \(cause)")
            case .clockStep:
                .unavailable("the clock is behind the ledger or has jumped; set it right first")
            case .refused(let reason): .unavailable("the ledger takes no writes: \(reason)")
            case .corrupt(let detail): .doesNotHold("the ledger does not match itself: \(detail)")
            }
    }

    /// Tells a failure of a store to whoever runs the command.
    init(_ error: StoreError) {
        self.init(LedgerError(error))
    }
}
