// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import Synchronization

/// Bounds the answers that are made and not yet taken, so that clients that read slowly, or not at
/// all, do not fill memory.
///
/// A short answer is a part of its connection. A long one counts until it is written or given up.
final class AnswerBudget: Sendable {
    /// From how many bytes on an answer counts.
    static let leastBytes = 64 << 10
    /// How many bytes of answers are kept for all.
    static let totalBytes = 256 << 20
    /// How many bytes of answers are kept for one credential.
    static let credentialBytes = 64 << 20

    private struct State {
        var total = 0
        var byCredential: [String: Int] = [:]
    }

    /// What one answer takes up, until nobody holds it.
    private final class Share: Sendable {
        private let budget: AnswerBudget
        private let owner: String
        private let bytes: Int

        init(_ budget: AnswerBudget, _ owner: String, _ bytes: Int) {
            (self.budget, self.owner, self.bytes) = (budget, owner, bytes)
        }

        deinit { budget.give(back: bytes, of: owner) }
    }

    private let state = Mutex(State())

    /// How many bytes are taken up now.
    var takenBytes: Int { state.withLock(\.total) }

    /// Counts an answer to a credential until it is written.
    ///
    /// - Throws: ``Problem`` of code ``Problem/Code/overloaded`` when too much waits to be taken.
    func admit(_ response: Response, to owner: String) throws(Problem) -> Response {
        guard let bytes = response.body.contentLength, bytes >= Self.leastBytes else {
            return response
        }
        let isAdmitted = state.withLock { state in
            let own = (state.byCredential[owner] ?? 0) + bytes
            // The first is admitted whatever it is: what one answer may be is bounded elsewhere.
            guard own == bytes || own <= Self.credentialBytes,
                state.total == 0 || state.total + bytes <= Self.totalBytes
            else { return false }
            state.total += bytes
            state.byCredential[owner] = own
            return true
        }
        guard isAdmitted else {
            throw Problem(.overloaded, "Too many answers wait to be read; read them first.")
        }
        let share = Share(self, owner, bytes)
        let body = response.body
        var response = response
        response.body = ResponseBody(contentLength: bytes) { writer in
            defer { withExtendedLifetime(share) {} }
            try await body.write(writer)
        }
        return response
    }

    private func give(back bytes: Int, of owner: String) {
        state.withLock { state in
            state.total -= bytes
            let own = (state.byCredential[owner] ?? 0) - bytes
            state.byCredential[owner] = own > 0 ? own : nil
        }
    }
}
