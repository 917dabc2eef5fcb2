// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Cairn
import CairnLedger
import CairnTesting
import Foundation
import NIOHTTP1
import Synchronization

@testable import CairnAWS

/// Credentials that are what they are.
struct FixedCredentials: CredentialSource {
    let fixed: AWSCredentials

    init(_ identity: SeaweedServer.Identity, expiresAt: Timestamp? = nil) {
        fixed = AWSCredentials(
            accessKeyID: identity.id,
            secretAccessKey: identity.secret,
            expiresAt: expiresAt
        )
    }

    func credentials() -> AWSCredentials? { fixed }
}

/// Credentials that are others each time, as if they were replaced meanwhile.
final class ReplacedCredentials: CredentialSource {
    private let next: Mutex<[AWSCredentials]>

    /// The last of these stays.
    init(_ all: [AWSCredentials]) {
        next = Mutex(all)
    }

    /// How many were not given yet.
    var left: Int { next.withLock { $0.count } }

    func credentials() -> AWSCredentials? {
        next.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
    }
}

/// Stores in buckets of a server of the tests' own.
enum TestBucket: String, CaseIterable {
    case plain = "cairn-plain"
    case locked = "cairn-locked"

    static let now: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    private static let number = Atomic(0)
    private static let made = Mutex<Set<TestBucket>>([])

    /// How the store under test is set up.
    struct Options: Sendable {
        var identity = SeaweedServer.owner
        var endpoint: String?
        var prefix: String?
        var expiresAt: Timestamp?
        var patience = TestBucket.patience
        /// Instead of the identity.
        var source: (any CredentialSource)?
    }

    /// Quick enough for tests, and still patient.
    static let patience: S3Patience = {
        var patience = S3Patience(jitter: { 0.5 })
        patience.pause = .milliseconds(20)
        patience.longestPause = .milliseconds(300)
        return patience
    }()

    /// Runs `body` with a store of its own in the bucket.
    func withStore<Result>(
        _ options: Options = Options(),
        _ body: (S3ObjectStore) async throws -> Result
    ) async throws -> Result {
        let server = try SeaweedServer.running()
        try await make(server)
        let prefix = options.prefix ?? TestBucket.freshPrefix()
        return try await TestBucket.withStore(
            named: rawValue,
            options,
            endpoint: options.endpoint ?? server.endpoint,
            prefix: prefix,
            body
        )
    }

    static func freshPrefix() -> String {
        "t\(number.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    static func withStore<Result>(
        named name: String,
        _ options: Options,
        endpoint: String,
        prefix: String,
        _ body: (S3ObjectStore) async throws -> Result
    ) async throws -> Result {
        guard
            let bucket = S3Bucket(name, prefix: prefix, region: "us-east-1", endpoint: endpoint)
        else { throw CocoaError(.fileNoSuchFile) }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: S3ObjectStore.configuration(options.patience)
        )
        let fixed = FixedCredentials(options.identity, expiresAt: options.expiresAt)
        let source = options.source ?? fixed
        let store = S3ObjectStore(
            bucket,
            credentials: CredentialCache(source, now: now),
            client: client,
            patience: options.patience,
            now: now,
            newID: { UUID().uuidString }
        )
        do {
            let result = try await body(store)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func make(_ server: SeaweedServer) async throws {
        guard !TestBucket.made.withLock({ $0.contains(self) }) else { return }
        try await TestBucket.withStore(
            named: rawValue,
            Options(),
            endpoint: server.endpoint,
            prefix: ""
        ) { store in
            var request = S3Request(method: .PUT)
            if self == .locked {
                request.headers = [("x-amz-bucket-object-lock-enabled", "true")]
            }
            do throws(S3Client.Refusal) {
                _ = try await store.client.ask(request)
            } catch {
                // Another test was first.
                guard error.failure.status == 409 else { throw error }
            }
        }
        _ = TestBucket.made.withLock { $0.insert(self) }
    }
}
