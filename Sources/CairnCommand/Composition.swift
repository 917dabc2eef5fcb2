// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnLocal
import Crypto
import Foundation
import Logging
import ServiceLifecycle

/// The one place that names adapters, clocks and randomness.
enum Composition {
    // MARK: Clocks and randomness

    /// The wall clock.
    static let now: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The wall clock, and the clock that goes on while the machine sleeps and never steps.
    static let clock = ServerClock(
        now: now,
        continuousMilliseconds: {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        }
    )

    /// Fills a buffer from the system's cryptographic generator.
    static let fillRandom: @Sendable (UnsafeMutableRawBufferPointer) -> Void = { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
            // getentropy gives at most 256 bytes at once.
            let piece = UnsafeMutableRawBufferPointer(rebasing: rest.prefix(256))
            precondition(getentropy(piece.baseAddress, piece.count) == 0, "no randomness")
            rest = rest.dropFirst(piece.count)
        }
    }

    static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { fillRandom($0) }
        return bytes
    }

    // MARK: Stores

    /// All that a store is.
    typealias Store = LedgerStore & RecordIndex & Directory & JobQueue & ReplayStore

    /// Makes a service that looks at the keys anew whenever they change.
    typealias KeyChangesMaker = @Sendable (Logger, KeyRing) -> any Service

    /// A store that is open for use, and what belongs to it.
    struct OpenStore: Sendable {
        let store: any Store
        /// The store's folder; with a database, that of its signing key.
        let folder: String
        let signer: any CheckpointSigner
        let vault: any CheckpointVault
        let clock: ServerClock
        /// Derives a secret of 32 bytes from the signing key, apart from all others.
        let secret: @Sendable (_ purpose: String) -> [UInt8]
        /// Says whether the store can be read and written now.
        let ping: @Sendable () async throws(StoreError) -> Void
        /// What that is called where readiness is told.
        var pingName = "disk"
        /// Merges what waits and lets go of files and connections.
        let close: @Sendable () async throws(StoreError) -> Void
        /// Makes the service that keeps the store in order while it is used.
        let maintenance: @Sendable (Logger) -> any Service
        /// Makes the service that hears of keys which others change, if there are others.
        var keyChanges: KeyChangesMaker?

        /// The value that the store keeps under a name, which is `fresh` at the first time.
        func value(_ name: String, _ fresh: [UInt8]) async throws(StoreError) -> [UInt8] {
            try await store.keep(fresh, as: name)
            guard let kept = try await store.value(name) else {
                throw .corrupt("the store does not keep \(name)")
            }
            return kept
        }
    }

    /// Opens a store for use; nobody else may have that of a folder open.
    static func openStore(
        at place: StorePlace,
        logger: Logger = Logger(label: "cairn.store") { label in
            JSONLogHandler(label: label, level: .notice, now: now) { Terminal.complain($0) }
        }
    ) async throws(CommandFailure) -> OpenStore {
        do {
            if let database = place.database {
                return try await openDatabase(database, place, logger: logger)
            }
            let store = try await LocalStore.open(at: place.folder, logger: logger)
            let (signer, signingKey) = try signer(
                at: place.signingKeyFile,
                isNew: try await store.tenants().isEmpty
            )
            return OpenStore(
                store: store,
                folder: place.folder,
                signer: signer,
                vault: try vault(in: place.checkpointDirectory),
                clock: clock,
                secret: { secret($0, of: signingKey) },
                ping: { () async throws(StoreError) in try await store.ping() },
                close: { () async throws(StoreError) in try await store.close() },
                maintenance: { Maintenance(store: store, logger: $0) }
            )
        } catch {
            throw CommandFailure(opening: error)
        }
    }

    /// Opens a store that must be there for use.
    static func openExisting(_ place: StorePlace) async throws(CommandFailure) -> OpenStore {
        guard place.database != nil || hasStore(in: place.folder) else {
            throw CommandFailure(opening: LocalStoreError.absent(place.folder))
        }
        return try await openStore(at: place)
    }

    /// The key in a file, which is made for a new store alone.
    static func signer(
        at path: String,
        isNew: Bool
    ) throws -> (signer: any CheckpointSigner, secret: [UInt8]) {
        guard try isNew || KeyFile.load(at: path) != nil else {
            throw CommandFailure.badInput(
                "\(path) is missing, and the store's checkpoints were signed with it; put the key "
                    + "back, or name it with --signing-key"
            )
        }
        let file = try KeyFile.load(orCreateAt: path) { randomBytes(32) }
        return (file, file.secret)
    }

    /// The vault in a folder.
    static func vault(in folder: String) throws -> any CheckpointVault {
        try FileVault(folder: folder)
    }

    /// Whether a folder holds a store.
    static func hasStore(in folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + LocalStore.fileName)
    }

    /// A store that is open for an audit: nothing in it is changed.
    struct AuditedStore: Sendable {
        let store: any Store
        let signer: any CheckpointSigner
        let vault: (any CheckpointVault)?
        /// The ledgers of which a checkpoint is kept outside the store.
        let published: [LedgerID]
    }

    /// Opens a store for an audit, beside servers or without.
    static func openForAudit(_ place: StorePlace) async throws(CommandFailure) -> AuditedStore {
        do {
            let store: any Store
            if let database = place.database {
                store = try await openForAudit(database)
            } else {
                store = try await LocalStore.open(at: place.folder, mode: .readOnly)
            }
            guard let signer = try KeyFile.load(at: place.signingKeyFile) else {
                throw CommandFailure.badInput(
                    "there is no signing key at \(place.signingKeyFile); without it no checkpoint "
                        + "can be checked"
                )
            }
            let folder = place.checkpointDirectory
            let hasVault = FileManager.default.fileExists(atPath: folder)
            let vault = hasVault ? try FileVault(folder: folder) : nil
            return AuditedStore(
                store: store,
                signer: signer,
                vault: vault,
                published: vault?.ledgers() ?? []
            )
        } catch {
            throw CommandFailure(opening: error)
        }
    }

    /// Opens a tenant's ledger in a store.
    static func localLedger(
        at place: StorePlace,
        tenant: String,
        redaction: RedactionPolicy,
        creatingStore: Bool
    ) async throws -> LocalLedger {
        let open = try await creatingStore ? openStore(at: place) : openExisting(place)
        do {
            try await createDefaultTenant(in: open, prefix: nil)
            let keys = RedactionKeys(
                policy: redaction,
                directory: open.store,
                logger: Logger(label: "cairn.redaction")
            )
            try await keys.load()
            return try await LocalLedger(open, tenant: tenant, redaction: redaction)
        } catch {
            try? await open.close()
            throw error
        }
    }

    // MARK: Tenants

    /// Makes the tenant `default` of a store that has none of that name.
    static func createDefaultTenant(
        in open: OpenStore,
        prefix: String?
    ) async throws(StoreError) {
        guard try await open.store.tenant(named: "default") == nil else { return }
        do throws(StoreError) {
            _ = try await createTenant("default", in: open, prefix: prefix)
        } catch .conflict {
            // Another server was first.
        }
    }

    /// Makes a tenant with a ledger of a random name.
    ///
    /// Without a prefix, the origin begins with one that is random per store.
    static func createTenant(
        _ name: String,
        in open: OpenStore,
        prefix: String?
    ) async throws(StoreError) -> Tenant {
        let tenant = try await draftTenant(name, in: open, prefix: prefix)
        try await open.store.create(tenant)
        return tenant
    }

    /// Draws the ledger of a tenant to be, and names its origin.
    static func draftTenant(
        _ name: String,
        in open: OpenStore,
        prefix: String?
    ) async throws(StoreError) -> Tenant {
        try await open.store.draftTenant(name, prefix: prefix, at: now(), random: randomBytes)
    }

    // MARK: Access

    /// What makes keys and tenants of a store.
    static func registrar(
        of open: OpenStore,
        ledgers: Ledgers,
        recorder: SelfRecorder,
        viewers: ViewerTokenCodec,
        prefix: String?
    ) -> Registrar {
        Registrar(
            directory: open.store,
            ledgers: ledgers,
            recorder: recorder,
            viewers: viewers,
            draft: { (name) async throws(StoreError) in
                try await draftTenant(name, in: open, prefix: prefix)
            },
            now: now,
            random: fillRandom
        )
    }

    /// What makes and reads viewer tokens of a store.
    ///
    /// The secret is the store's own: who has the signing key alone is shown nothing.
    static func viewers(of open: OpenStore) async throws(StoreError) -> ViewerTokenCodec {
        ViewerTokenCodec(secret: try await open.value("viewer-secret", randomBytes(32)))
    }

    /// Makes a key with every scope for a store that has no good one, and keeps it in a file that
    /// nobody else may read; returns its token, or nil.
    static func createFirstKey(
        of open: OpenStore,
        _ registrar: Registrar,
        at path: String
    ) async throws -> APIKeyToken? {
        let keys = try await open.store.keys(changedSince: 0).keys
        guard !keys.contains(where: { $0.isGood(at: now()) && $0.scopes.contains(.tenantsManage) })
        else { return nil }
        let token = registrar.drawToken()
        // The file first: a key that nobody has could not be replaced.
        do {
            try SecretFile.write(token.text + "\n", to: path)
        } catch {
            throw CommandFailure.unavailable("\(path) cannot be written: \(error)")
        }
        do throws(LedgerError) {
            _ = try await registrar.createKey(
                Registrar.KeyRequest(name: "owner", scopes: Role.owner.scopes),
                of: "default",
                by: nil,
                token: token
            )
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
        return token
    }

    // MARK: Keys

    static func secret(_ purpose: String, of signingKey: [UInt8]) -> [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: signingKey),
            info: Array(purpose.utf8),
            outputByteCount: 32
        )
        return key.withUnsafeBytes { Array($0) }
    }

    /// A preparer with the system's clock and randomness.
    static func preparer(
        limits: Limits = Limits(),
        redaction: RedactionPolicy = .standard
    ) -> Preparer {
        Preparer(limits: limits, redaction: redaction, clock: clock, random: fillRandom)
    }
}

extension CommandFailure {
    /// Tells why a store cannot be opened.
    init(opening error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as StoreError: self.init(error)
        case let error as LocalStoreError:
            switch error {
            case .absent, .notAStore: self = .badInput(error.description)
            case .inUse, .readOnly, .newerSchema, .damaged, .failed:
                self = .unavailable(error.description)
            }
        case let error as KeyFile.Failure:
            self = .unavailable(error.description)
        default: self = .unavailable("the store cannot be opened: \(error)")
        }
    }
}
