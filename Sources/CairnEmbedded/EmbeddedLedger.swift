// SPDX-License-Identifier: Apache-2.0

public import Cairn
public import CairnClient
internal import CairnLedger
internal import CairnLocal
public import Logging
internal import ServiceLifecycle

/// A ledger in a folder, in this process: a destination that needs no server.
///
/// The folder is one that `cairn audit`, `cairn query` and `cairn serve` can open once this process
/// has let go of it. Checkpoints lie beside it, so that who restores an old copy of the folder is
/// found out.
public final class EmbeddedLedger: AuditDestination {
    /// Where a ledger keeps what belongs to it.
    public struct Options: Sendable {
        /// The file of the key that signs checkpoints; `signing.key` in the folder if it is nil.
        public var signingKeyFile: String?
        /// The folder of checkpoints; that of the ledger with `-checkpoints` if it is nil.
        public var checkpointFolder: String?
        /// Whether secrets that reach the ledger are taken out, and the record says so.
        public var redactsSecrets = true
        /// What diagnostics go to.
        public var logger = Logger(label: "cairn.embedded") { _ in SwiftLogNoOpLogHandler() }

        /// What holds unless something else is set.
        public init() {}
    }

    let store: LocalStore
    let ledger: Ledger
    let cursors: CursorCodec
    private let ledgers: Ledgers
    private let preparer: Preparer
    private let logger: Logger

    /// Opens the ledger of a folder, and makes both where they are absent.
    ///
    /// - Throws: ``ClientError`` saying why not and what to do; of ``ClientError/Code/inUse`` when
    ///   another process has the folder.
    public init(at folder: String, options: Options = Options()) async throws(ClientError) {
        let clock = ServerClock(
            now: SystemSource.now,
            continuousMilliseconds: SystemSource.continuousMilliseconds
        )
        let opened = try await OpenedStore(at: folder, options)
        store = opened.store
        logger = options.logger
        cursors = CursorCodec(secret: opened.cursorSecret)
        ledgers = Ledgers(
            directory: store,
            store: store,
            signer: opened.signer,
            vault: opened.vault,
            clock: clock
        )
        preparer = Preparer(
            redaction: options.redactsSecrets ? .standard : RedactionPolicy(.off),
            clock: clock,
            random: SystemSource.fillRandom
        )
        do throws(LedgerError) {
            ledger = try await ledgers.ledger(of: OpenedStore.tenant)
        } catch {
            // The folder must not stay in use by nobody.
            try? await opened.store.close()
            throw ClientError(error)
        }
    }

    /// The ledger's name in checkpoints.
    public var origin: String { ledger.tenant.origin }

    /// The key by which others check the ledger's checkpoints and proofs.
    public var verifierKey: String { ledger.verifierKey.description }

    // MARK: Appending

    /// Records events in one batch, or as many as the ledger makes of them.
    public func append(
        _ events: [Event]
    ) async -> [Result<CairnClient.Receipt, ClientError>] {
        let prepared = events.map { event in
            Result { () throws(InvalidEvent) in
                try preparer.prepare(event, of: ledger.tenant.name)
            }
        }
        var outcomes = await ledger.append(prepared.compactMap { try? $0.get() })[...]
        return prepared.map { item in
            switch item {
            case .failure(let invalid):
                return .failure(
                    ClientError(.invalidEvent, "the event breaks a rule: \(invalid)")
                )
            case .success:
                guard let outcome = outcomes.popFirst() else {
                    preconditionFailure("an event has one outcome")
                }
                return outcome.result
            }
        }
    }

    // MARK: In the background

    /// Publishes checkpoints and keeps the search index in order until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            let services: [any Service] = [
                Publisher(ledgers: ledgers, logger: logger),
                Maintenance(store: store, logger: logger),
            ]
            for service in services {
                group.addTask { [logger] in
                    do {
                        try await service.run()
                    } catch {
                        logger.error("a service ended", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
    }

    /// Publishes a last checkpoint and lets go of the folder.
    public func close() async {
        do {
            if await ledger.refusalReason == nil { try await ledger.publish() }
        } catch {
            logger.error(
                "a checkpoint could not be published",
                metadata: ["error": "\(error)"]
            )
        }
        do throws(StoreError) {
            try await store.close()
        } catch {
            logger.error("the store could not be closed", metadata: ["error": "\(error)"])
        }
    }
}

extension AppendOutcome {
    /// What became of an event, as its sender is told.
    fileprivate var result: Result<CairnClient.Receipt, ClientError> {
        switch self {
        case .recorded(let receipt), .known(let receipt):
            .success(CairnClient.Receipt(receipt))
        case .conflict:
            .failure(ClientError(.conflict, "the event's id is taken by another event"))
        case .contentUnavailable:
            .failure(
                ClientError(
                    .conflict,
                    "the event's id is taken, and what it names can no longer be compared"
                )
            )
        case .failed(let error): .failure(ClientError(error))
        }
    }
}

extension CairnClient.Receipt {
    /// Takes what the ledger says.
    fileprivate init(_ receipt: CairnLedger.Receipt) {
        self.init(
            id: receipt.id,
            position: Position(
                index: receipt.index,
                receivedAt: receipt.receivedAt,
                leafHash: receipt.leafHash,
                previousHash: receipt.previousHash,
                hash: receipt.hash,
                origin: receipt.origin
            )
        )
    }
}

extension ClientError {
    /// Tells what a ledger cannot do.
    init(_ error: LedgerError) {
        switch error {
        case .notFound:
            self.init(.ledgerRefused, "the store has no ledger for this application")
        case .overloaded:
            self.init(.overloaded, "too much waits for the disk; retry after a pause")
        case .contended:
            self.init(.unavailable, "another writer was first, and nothing was written; retry")
        case .unavailable(let cause):
            self.init(
                .unavailable,
                "the store cannot be used, and nothing was written; check the disk",
                cause: cause
            )
        case .indeterminate(let cause):
            self.init(
                .unavailable,
                "whether the event is recorded is not known; retry with the same id",
                cause: cause,
                mayBeRecorded: true
            )
        case .clockStep:
            self.init(.unavailable, "the machine's clock was set; mend it, or wait for it")
        case .refused(let detail), .corrupt(let detail):
            self.init(
                .ledgerRefused,
                "the ledger takes no writes: \(detail); run `cairn audit` on its folder"
            )
        }
    }
}
