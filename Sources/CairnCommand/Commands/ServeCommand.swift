// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger
import CairnServer
import Hummingbird
import Instrumentation
import Logging
import Metrics
import ServiceLifecycle
import UnixSignals

/// Runs the server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server on a store.",
        discussion: """
            Makes the store, its signing key, the tenant 'default' and its first API key, in the \
            file admin.key of the store's folder, if there are none. Prints \
            one line 'listening on http://HOST:PORT', or https, on standard error when it takes \
            requests, and its log as JSON lines. SIGTERM and SIGINT end it gracefully: what was \
            acknowledged is durable. SIGHUP reads the certificate anew. Exits with 0 after that; 2 if a setting is not allowed; 3 if \
            the store is in use or cannot be used, or the address is taken.
            """
    )

    @OptionGroup(title: "Settings") var options: SettingOptions

    func run() async throws {
        let settings = try await Settings(options: options)
        try Self.admit(settings)
        let issuers =
            try settings.issuersFile.map(IssuersFile.read) ?? settings.secretIssuer.map { [$0] }
            ?? []
        let redaction = try RedactionFile.read(settings.redaction)
        settings.notices.forEach(Terminal.complain)
        let certificate = try settings.edge.certificateFiles?.load()
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        LoggingSystem.bootstrap { label in
            JSONLogHandler(label: label, level: level, now: Composition.now) {
                Terminal.complain($0)
            }
        }
        InstrumentationSystem.bootstrap(TracePropagator(random: Composition.fillRandom))
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        let logger = Logger(label: "cairn")
        let renewal = await CertificateRenewal(
            settings.edge.certificateFiles,
            certificate,
            logger
        )
        let open = try await Composition.openStore(at: StorePlace(settings), logger: logger)
        do {
            try await Composition.createDefaultTenant(in: open, prefix: settings.originPrefix)
            let fetcher = KeySetFetcher()
            do {
                try await serve(
                    settings,
                    open,
                    registry,
                    logger,
                    issuers,
                    redaction,
                    fetcher,
                    renewal
                )
            } catch {
                try? await fetcher.close()
                throw error
            }
            try await fetcher.close()
        } catch {
            try? await open.close()
            throw error
        }
        try await open.close()
    }

    /// Refuses what would serve strangers without credentials, and warns of the rest.
    private static func admit(_ settings: Settings) throws(CommandFailure) {
        guard settings.isOpen else { return }
        guard Settings.isLoopback(settings.host) else {
            throw .badInput(
                "--no-auth is refused on \(settings.host): without credentials the server "
                    + "listens on loopback only, such as 127.0.0.1"
            )
        }
        Terminal.complain(
            """
            ************************************************************************
            WARNING: there is no authentication. Everybody who can connect to
            \(settings.host) may read and write every event of the tenant `default`.
            ************************************************************************
            """
        )
    }

    private func serve(
        _ settings: Settings,
        _ open: Composition.OpenStore,
        _ registry: MetricsRegistry,
        _ logger: Logger,
        _ issuers: [TokenIssuer],
        _ redaction: RedactionPolicy,
        _ fetcher: KeySetFetcher,
        _ renewal: CertificateRenewal
    ) async throws {
        let ledgers = Ledgers(
            directory: open.store,
            store: open.store,
            signer: open.signer,
            vault: open.vault,
            clock: open.clock,
            limits: settings.ledgerLimits
        )
        try await Self.openAll(ledgers, of: open, logger)
        let redactionKeys = RedactionKeys(
            policy: redaction,
            directory: open.store,
            logger: logger
        )
        try await redactionKeys.load()
        let recorder = SelfRecorder(
            ledgers: ledgers,
            preparer: Composition.preparer(redaction: redaction),
            secret: open.secret("cairn own records"),
            kinds: settings.recorded
        )
        let viewers = try await Composition.viewers(of: open)
        let registrar = Composition.registrar(
            of: open,
            ledgers: ledgers,
            recorder: recorder,
            viewers: viewers,
            prefix: settings.originPrefix
        )
        if !settings.isOpen { await Self.tellFirstKey(settings, open, registrar, logger) }
        let keys = KeyRing(directory: open.store, now: Composition.now, logger: logger)
        // That it listens is told below, in its own words and once.
        var serverLogger = Logger(label: "cairn.server")
        if serverLogger.logLevel == .info { serverLogger.logLevel = .notice }
        let objects = try await Composition.openObjects(settings.objects)
        let exports = Composition.exports(
            of: open,
            ledgers: ledgers,
            objects: objects.store,
            settings: settings.exports,
            logger: logger
        )
        let server = Server(
            Self.configuration(settings, renewal.certificate),
            services: ServerServices(
                ledgers: ledgers,
                store: open.store,
                index: open.store,
                directory: open.store,
                keys: keys,
                tokens: TokenAuthority(
                    issuers: issuers,
                    directory: open.store,
                    registrar: registrar,
                    fetch: { try await fetcher.fetch($0) },
                    now: Composition.now,
                    logger: logger
                ),
                idempotency: Idempotency(
                    store: open.store,
                    secret: open.secret("cairn idempotency"),
                    now: Composition.now,
                    logger: logger
                ),
                viewers: viewers,
                registrar: registrar,
                recorder: recorder,
                tally: AccessTally(recorder: recorder, clock: open.clock, logger: logger),
                jobs: open.store,
                exports: exports.services,
                preparer: Composition.preparer(
                    limits: settings.eventLimits,
                    redaction: redaction
                ),
                cursors: CursorCodec(
                    secret: open.secret("cairn cursor")
                ),
                clock: open.clock,
                metrics: registry,
                readiness: [
                    ReadinessCheck(name: open.pingName) { [ping = open.ping] in
                        do throws(StoreError) {
                            try await ping()
                            return nil
                        } catch {
                            return "cannot be used"
                        }
                    }
                ]
            ),
            logger: serverLogger,
            accessLogger: settings.edge.hasAccessLog ? Logger(label: "cairn.access") : nil
        )
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let application = server.application { port in
            let scheme = renewal.certificate == nil ? "http" : "https"
            Terminal.complain("listening on \(scheme)://\(host):\(port)")
        }
        // Services end in reverse order: no more requests, then the last checkpoints.
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: objects),
                .init(service: renewal),
                .init(service: open.maintenance(logger)),
                .init(service: redactionKeys),
                .init(
                    service: Publisher(
                        ledgers: ledgers,
                        logger: logger,
                        interval: settings.publishInterval
                    )
                ),
            ] + (open.keyChanges.map { [.init(service: $0(logger, keys))] } ?? []) + [
                .init(service: application)
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = settings.shutdownGrace
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            throw CommandFailure.unavailable("the server ended: \(error)")
        }
    }

    /// Makes the first key of a new store, and says where it is; it is shown to a person alone.
    private static func tellFirstKey(
        _ settings: Settings,
        _ open: Composition.OpenStore,
        _ registrar: Registrar,
        _ logger: Logger
    ) async {
        let path = settings.dataDirectory + "/admin.key"
        let made: APIKeyToken?
        do {
            made = try await Composition.createFirstKey(of: open, registrar, at: path)
        } catch {
            // A ledger that takes no writes can be read and verified all the same.
            logger.critical("the first key cannot be made", metadata: ["reason": "\(error)"])
            return
        }
        guard let token = made else { return }
        Terminal.complain("the first key, of role owner, is in \(path)")
        if Terminal.isOutputShown { Terminal.write(token.text) }
    }

    /// Opens every ledger at the start, so that one that went back is told at once.
    private static func openAll(
        _ ledgers: Ledgers,
        of open: Composition.OpenStore,
        _ logger: Logger
    ) async throws {
        for tenant in try await open.store.tenants() {
            let ledger = try await ledgers.ledger(of: tenant.name)
            if let reason = await ledger.refusalReason {
                logger.critical(
                    "a ledger takes no writes; see `cairn ledger accept-restore`",
                    metadata: ["tenant": "\(tenant.name)", "reason": "\(reason)"]
                )
            }
        }
    }

    private static func configuration(
        _ settings: Settings,
        _ certificate: ServerCertificate?
    ) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.certificate = certificate
        configuration.host = settings.host
        configuration.port = settings.port
        configuration.operationsPort = settings.operationsPort
        configuration.anonymousTenant = settings.isOpen ? "default" : nil
        configuration.quotas = settings.quotas
        configuration.origins = settings.corsOrigins
        configuration.connections = settings.connections
        configuration.lineBytes = max(configuration.lineBytes, settings.eventLimits.eventBytes)
        settings.edge.apply(to: &configuration)
        return configuration
    }
}
