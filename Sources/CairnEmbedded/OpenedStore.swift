// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnClient
internal import CairnLedger
internal import CairnLocal
internal import Crypto

/// A store that is open for this process, and the key and vault that belong to it.
struct OpenedStore {
    /// The one tenant of an embedded ledger; the name that a server without credentials uses, too.
    static let tenant = "default"

    let store: LocalStore
    let signer: KeyFile
    let vault: FileVault

    /// Opens the store of a folder and makes what is absent.
    init(at folder: String, _ options: EmbeddedLedger.Options) async throws(ClientError) {
        var beside = folder
        while beside.count > 1, beside.hasSuffix("/") { beside.removeLast() }
        let keyFile = options.signingKeyFile ?? folder + "/signing.key"
        let checkpoints = options.checkpointFolder ?? beside + "-checkpoints"
        let store: LocalStore
        do throws(LocalStoreError) {
            store = try await LocalStore.open(at: folder, logger: options.logger)
        } catch {
            throw ClientError(error)
        }
        do {
            let isNew = try await store.tenants().isEmpty
            guard try isNew || KeyFile.load(at: keyFile) != nil else {
                throw ClientError(
                    .invalidSetting,
                    "\(keyFile) is missing, and the ledger's checkpoints were signed with it; put "
                        + "the key back, or name it in the options"
                )
            }
            signer = try KeyFile.load(orCreateAt: keyFile) { SystemSource.randomBytes(32) }
            vault = try FileVault(folder: checkpoints)
            if try await store.tenant(named: OpenedStore.tenant) == nil {
                try await store.create(
                    store.draftTenant(
                        OpenedStore.tenant,
                        at: SystemSource.now(),
                        random: SystemSource.randomBytes
                    )
                )
            }
        } catch {
            // The folder must not stay in use by nobody.
            try? await store.close()
            throw ClientError(opening: error)
        }
        self.store = store
    }

    /// The secret under which cursors are made, which follows from the signing key.
    var cursorSecret: [UInt8] {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: signer.secret),
            info: Array("cairn cursor".utf8),
            outputByteCount: 32
        ).withUnsafeBytes { Array($0) }
    }
}

extension ClientError {
    /// Tells why a store cannot be opened.
    fileprivate init(_ error: LocalStoreError) {
        switch error {
        case .inUse: self.init(.inUse, error.description)
        case .readOnly, .absent, .notAStore, .newerSchema:
            self.init(.invalidSetting, error.description)
        case .damaged, .failed: self.init(.unavailable, error.description)
        }
    }

    /// Tells why what belongs to a store cannot be used.
    fileprivate init(opening error: any Error) {
        switch error {
        case let error as ClientError: self = error
        case let error as LocalStoreError: self.init(error)
        case let error as KeyFile.Failure: self.init(.invalidSetting, error.description)
        default: self.init(.unavailable, "the store cannot be opened", cause: error)
        }
    }
}
