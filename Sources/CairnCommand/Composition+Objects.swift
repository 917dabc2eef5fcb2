// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Cairn
import CairnAWS
import CairnLedger
import CairnLocal
import Foundation
import ServiceLifecycle

extension Composition {
    /// A store of objects that is open, as a service that lets go of its connections at the end.
    struct OpenObjects: Service {
        let store: any ObjectStore
        /// The same, where it is a folder of this machine.
        let files: FileObjectStore?
        /// Lets go of connections; nothing may be asked of the store any more.
        let close: @Sendable () async throws -> Void

        /// Waits for the end; a service that uses the store must end before this one.
        func run() async throws {
            try? await gracefulShutdown()
            try await close()
        }
    }

    /// Opens the store of objects that the settings name.
    static func openObjects(_ settings: ObjectSettings) async throws -> OpenObjects {
        switch settings.place {
        case .folder(let folder):
            do throws(ObjectError) {
                let store = try await FileObjectStore(folder: folder, now: now)
                return OpenObjects(store: store, files: store, close: {})
            } catch {
                throw CommandFailure.unavailable("the folder \(folder) cannot be used: \(error)")
            }
        case .bucket(let bucket):
            guard let bucket = s3Bucket(bucket) else {
                preconditionFailure("the settings were checked")
            }
            return openBucket(bucket, settings.variables)
        }
    }

    /// Whether there can be such a bucket.
    static func isBucket(_ bucket: ObjectSettings.Bucket) -> Bool {
        s3Bucket(bucket) != nil
    }

    private static func s3Bucket(_ bucket: ObjectSettings.Bucket) -> S3Bucket? {
        S3Bucket(
            bucket.name,
            prefix: bucket.prefix,
            region: bucket.region,
            endpoint: bucket.endpoint,
            isPathStyle: bucket.isPathStyle
        )
    }

    private static func openBucket(
        _ bucket: S3Bucket,
        _ variables: [String: String]
    ) -> OpenObjects {
        let patience = S3Patience {
            Double(randomBytes(4).reduce(0) { $0 << 8 | UInt64($1) }) / Double(UInt32.max)
        }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: S3ObjectStore.configuration(patience)
        )
        let source = CredentialChain([
            EnvironmentCredentials(variables),
            SharedFileCredentials(profile: variables["AWS_PROFILE"]) {
                let usual = variables["HOME"].map { $0 + "/.aws/credentials" }
                let file = variables["AWS_SHARED_CREDENTIALS_FILE"] ?? usual
                return try file.flatMap { try text(of: $0) }
            },
            ContainerCredentials(variables, client: client) { try text(of: $0) },
            InstanceCredentials(variables, client: client),
        ])
        let store = S3ObjectStore(
            bucket,
            credentials: CredentialCache(source, now: now),
            client: client,
            patience: patience,
            now: now,
            newID: { Hex.encode(randomBytes(16)) }
        )
        return OpenObjects(store: store, files: nil, close: { try await client.shutdown() })
    }

    /// What a file has, or nil if there is none.
    private static func text(of file: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        return try String(contentsOfFile: file, encoding: .utf8)
    }
}
