// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnPostgres
import Foundation
import Logging
import ServiceLifecycle

extension Composition {
    /// The database of a place.
    static func postgres(
        _ database: DatabaseSettings,
        logger: Logger? = nil
    ) -> PostgresStore {
        var options = PostgresStore.Options()
        options.connections = database.connections
        options.replica = database.replica
        options.staleness = database.staleness
        return PostgresStore(database.url, options) { notice in
            logger?.debug("the database says", metadata: ["notice": "\(notice)"])
        }
    }

    /// Opens the store of a database for use, which others may use meanwhile.
    static func openDatabase(
        _ database: DatabaseSettings,
        _ place: StorePlace,
        logger: Logger
    ) async throws -> OpenStore {
        let store = postgres(database, logger: logger)
        do {
            if let unfit = try await store.unfitness(forWriting: true) {
                throw CommandFailure.unavailable(unfit.description)
            }
            if database.needsLeastPrivilege, try await store.ownsTables() {
                throw CommandFailure.badInput(
                    "in production the database's role must not own the tables nor be a "
                        + "superuser; make one and give it its rights with `cairn migrate --grant`"
                )
            }
            try FileManager.default.createDirectory(
                atPath: place.folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            let (signer, signingKey) = try signer(
                at: place.signingKeyFile,
                isNew: try await store.value(signingKeyName) == nil
            )
            // Servers of one database sign with one key; the first one's.
            let own = Array(signer.verifierKey(for: "cairn").description.utf8)
            try await store.keep(own, as: signingKeyName)
            guard try await store.value(signingKeyName) == own else {
                throw CommandFailure.badInput(
                    "\(place.signingKeyFile) is not the key of this database; copy the key of "
                        + "its other servers there, or name it with --signing-key"
                )
            }
            return OpenStore(
                store: store,
                folder: place.folder,
                signer: signer,
                vault: try vault(in: place.checkpointDirectory),
                clock: clock,
                secret: { secret($0, of: signingKey) },
                ping: { () async throws(StoreError) in try await store.ping() },
                pingName: "database",
                close: { () async throws(StoreError) in
                    // A command has no service beside it that takes what it added into the index.
                    try? await store.catchUp()
                    await store.close()
                },
                maintenance: { Maintenance(store: store, logger: $0) },
                keyChanges: { logger, keys in
                    KeyChanges(of: store, logger: logger) { try await keys.refresh() }
                }
            )
        } catch {
            await store.close()
            throw error
        }
    }

    /// Under what a database keeps the public key of its checkpoints.
    private static let signingKeyName = "signing-key"

    /// Opens the store of a database for an audit, which writes nothing.
    static func openForAudit(
        _ database: DatabaseSettings
    ) async throws -> PostgresStore {
        let store = postgres(database)
        do {
            if let unfit = try await store.unfitness(forWriting: false) {
                throw CommandFailure.unavailable(unfit.description)
            }
            return store
        } catch {
            await store.close()
            throw error
        }
    }
}
