// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// Credentials that are there when they are asked for, and fetched anew before they end.
package actor CredentialCache {
    /// How long before their end credentials are fetched anew, in milliseconds.
    private static let marginMilliseconds: Int64 = 300_000
    /// How long a source that failed is let be while the credentials in hand are good.
    private static let pauseMilliseconds: Int64 = 10_000

    private let source: any CredentialSource
    private let now: @Sendable () -> Timestamp
    private var kept: AWSCredentials?
    private var restsUntil: Timestamp?
    private var isFetching = false
    private var waiters: [CheckedContinuation<Result<AWSCredentials, CredentialFailure>?, Never>] =
        []

    /// Keeps what a source gives.
    package init(_ source: any CredentialSource, now: @escaping @Sendable () -> Timestamp) {
        self.source = source
        self.now = now
    }

    /// Credentials that are good now; callers who come while they are fetched share that.
    package func current() async throws -> AWSCredentials {
        while true {
            try Task.checkCancellation()
            if let kept, mayServe(kept) { return kept }
            guard isFetching else { return try await fetch().get() }
            let outcome = await withCheckedContinuation { waiters.append($0) }
            // Whoever fetched was cancelled, perhaps: then the next one does.
            if let outcome { return try outcome.get() }
        }
    }

    /// Fetches credentials anew that a service refused, and says whether there are others now.
    package func renew(_ refused: AWSCredentials) async -> Bool {
        // Another request was first.
        guard kept == refused else { return kept != nil }
        kept = nil
        do {
            return try await current() != refused
        } catch {
            // They may have been refused for another reason.
            kept = kept ?? refused
            return false
        }
    }

    private func mayServe(_ credentials: AWSCredentials) -> Bool {
        guard let end = credentials.expiresAt else { return true }
        let time = now()
        if end > time.advanced(byMilliseconds: CredentialCache.marginMilliseconds) { return true }
        // One caller fetches; the others go on with what is good still.
        return end > time && (isFetching || restsUntil.map { $0 > time } ?? false)
    }

    private func fetch() async -> Result<AWSCredentials, CredentialFailure> {
        isFetching = true
        var outcome: Result<AWSCredentials, CredentialFailure>
        do throws(CredentialFailure) {
            guard let fresh = try await source.credentials() else {
                throw CredentialFailure("there are no AWS credentials; see operating.md")
            }
            kept = fresh
            outcome = .success(fresh)
        } catch {
            outcome = .failure(error)
            let time = now()
            if let kept, let end = kept.expiresAt, end > time {
                restsUntil = time.advanced(byMilliseconds: CredentialCache.pauseMilliseconds)
                outcome = .success(kept)
            }
        }
        isFetching = false
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume(returning: Task.isCancelled ? nil : outcome) }
        return outcome
    }
}
