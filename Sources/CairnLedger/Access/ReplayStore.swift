// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The answer to a request that may be sent again: no content of events, and no secret.
package struct KeptAnswer: Hashable, Sendable {
    /// The status of the answer.
    package let status: Int
    /// The field `Location`, if it had one.
    package let location: String?
    /// The body, or nil for one that is made anew.
    package let body: [UInt8]?

    /// Keeps an answer.
    package init(status: Int, location: String?, body: [UInt8]?) {
        self.status = status
        self.location = location
        self.body = body
    }
}

/// What is known of a request that names itself.
package enum ReplayState: Hashable, Sendable {
    /// Nothing: whoever asked is to carry it out.
    case fresh
    /// Somebody else carries it out now.
    case running
    /// Another request had the name.
    case reused
    /// It was carried out before.
    case answered(KeptAnswer)
}

/// Where requests are kept that name themselves by an `Idempotency-Key`.
///
/// Every store passes `ReplayStoreConformance`.
package protocol ReplayStore: Sendable {
    /// Says what is known of a request, and takes it in hand if that is nothing.
    ///
    /// One that somebody took in hand before `abandoned`, and never finished, is taken over.
    func begin(
        _ request: Digest,
        fingerprint: Digest,
        at now: Timestamp,
        abandonedBefore abandoned: Timestamp
    ) async throws(StoreError) -> ReplayState
    /// Keeps the answer of a request that was taken in hand.
    func finish(_ request: Digest, with answer: KeptAnswer) async throws(StoreError)
    /// Forgets a request that came to nothing, unless it was answered.
    func abandon(_ request: Digest) async throws(StoreError)
    /// Forgets the requests that were taken in hand before an instant.
    func forget(before time: Timestamp) async throws(StoreError)
}
