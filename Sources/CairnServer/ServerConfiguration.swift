// SPDX-License-Identifier: Apache-2.0

package import CairnLedger

/// How a server listens, and the limits of what callers can make grow.
package struct ServerConfiguration: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    package var port = 8000
    /// Where metrics and readiness are instead, if they have a port of their own.
    package var operationsPort: Int?
    /// The tenant of callers without a credential; nil refuses them.
    package var anonymousTenant: String?

    /// How much a tenant may ask.
    package var quotas = QuotaLimits()
    /// The origins of other sites whose pages may call; none unless they are named.
    package var origins: Set<String> = []
    /// Connections that are open at once.
    package var connections = 10_000
    /// What the main port shows clients, which makes it HTTPS; nil serves HTTP.
    package var certificate: ServerCertificate?
    /// Who is believed about the address of a client.
    package var proxies = TrustedProxies()
    /// How long a client may be slow.
    package var pace = ConnectionLimits()

    /// The body of a bulk, in bytes.
    package var bulkBytes = 8 << 20
    /// Events in one bulk.
    package var bulkEvents = 1000
    /// One line of a stream of events, in bytes.
    package var lineBytes = 1 << 20
    /// Lines of a stream that are appended together.
    package var streamLines = 1024
    /// Records on a page that asks for no number.
    package var defaultPageRecords = 50
    /// Records on a page.
    package var pageRecords = 1000
    /// Fields of the records on a page, in bytes, after which the page ends early.
    package var pageBytes = 8 << 20
    /// Values in the filters of one query.
    package var filterValues = 100
    /// Days that one answer of statistics may span.
    package var statisticsDays = 3660
    /// Records that statistics look through for who is shown a part of a ledger.
    package var statisticsRecords = 100_000
    /// Keys of one tenant that are not revoked.
    package var keys = 1000
    /// The body of a request for a verification, a key or a tenant, in bytes.
    package var requestBytes = 256 << 10
    /// Verifications that wait, run and are remembered.
    package var verifications = VerificationJobs.Limits()

    /// The configuration that holds unless an operator sets another.
    package init() {}
}
