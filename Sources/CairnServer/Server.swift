// SPDX-License-Identifier: Apache-2.0

internal import Cairn
package import CairnLedger
package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore

/// The HTTP server: one router, and what every request passes through.
///
/// Everything it works with is given to it. It owns the worker that carries verifications out.
package struct Server: Sendable {
    private let configuration: ServerConfiguration
    private let services: ServerServices
    private let logger: Logger
    private let accessLogger: Logger?
    private let metrics: RequestMetrics
    private let operations: OperationRoutes
    private let quotas: Quotas
    private let refusals: RefusalMetrics
    private let answers = AnswerBudget()
    private let connections = OpenConnections()
    /// The verifications that were asked for.
    package let verifications: VerificationJobs

    /// Joins configuration and services; without a logger the server is silent, and without one
    /// for accesses it tells of no request.
    package init(
        _ configuration: ServerConfiguration,
        services: ServerServices,
        logger: Logger = Logger(label: "cairn", factory: { _ in SwiftLogNoOpLogHandler() }),
        accessLogger: Logger? = nil
    ) {
        self.configuration = configuration
        self.services = services
        self.logger = logger
        self.accessLogger = accessLogger
        metrics = RequestMetrics(services.metrics)
        quotas = Quotas(
            configuration.quotas,
            clock: services.clock,
            metrics: services.metrics
        )
        refusals = RefusalMetrics(services.metrics)
        verifications = VerificationJobs(
            ledgers: services.ledgers,
            store: services.store,
            queue: services.jobs,
            limits: configuration.verifications,
            now: services.clock.now,
            makeID: { [preparer = services.preparer] in preparer.makeID() },
            logger: logger
        )
        operations = OperationRoutes(
            services: services,
            state: StateMetrics(
                services: services,
                verifications: verifications,
                connections: connections
            )
        )
    }

    /// The application, to be run by a service group: it ends gracefully, and appends finish.
    ///
    /// `onListening` is called with the port once requests are taken.
    package func application(
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        var application = Application(
            router: router(routes),
            server: .watched(
                configuration.pace,
                configuration.certificate,
                logger: logger
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: CountedConnections(
                    connections,
                    limit: configuration.connections
                )
            ),
            services: [
                services.keys, services.tokens, services.idempotency, services.tally, verifications,
            ] + (services.exports.worker.map { [$0] } ?? []),
            onServerRunning: { await onListening($0.localAddress?.port ?? 0) },
            logger: logger
        )
        if let port = configuration.operationsPort {
            application.addServices(
                Application(
                    router: router(operations.publicRoutes + operations.operatorRoutes),
                    server: .watched(configuration.pace, logger: logger),
                    configuration: ApplicationConfiguration(
                        address: .hostname(configuration.host, port: port)
                    ),
                    logger: logger
                )
            )
        }
        application.beforeServerStarts { [services] in
            try await services.keys.refresh()
            await services.tokens.refresh()
        }
        return application
    }

    /// The routes of the main port, as pairs of method and path.
    package var contract: [(method: String, path: String)] {
        routes.map { ($0.method.rawValue, $0.path) }
    }

    var routes: [Route] {
        var routes = EventRoutes(
            configuration: configuration,
            services: services,
            metrics: metrics,
            quotas: quotas
        ).routes
        routes += RecordRoutes(configuration: configuration, services: services).routes
        routes += LedgerRoutes(services: services).routes
        routes += TileRoutes(services: services).routes
        let verification = VerificationRoutes(
            configuration: configuration,
            services: services,
            verifications: verifications
        )
        routes += verification.routes
        routes +=
            StatisticsRoutes(
                configuration: configuration,
                services: services,
                verifications: verifications
            ).routes
        routes += KeyRoutes(configuration: configuration, services: services).routes
        routes += ViewerRoutes(configuration: configuration, services: services).routes
        routes += TenantRoutes(configuration: configuration, services: services).routes
        routes += ExportRoutes(configuration: configuration, services: services).routes
        routes += ExportJobRoutes(configuration: configuration, services: services).routes
        routes += ExportFileRoutes(services: services).routes
        routes += OrgsRoutes(common: dialect(OrgsDialect())).routes
        routes += LogsRoutes(common: dialect(LogsDialect())).routes
        routes += AuditRoutes(common: dialect(AuditDialect()), verification: verification).routes
        routes += operations.publicRoutes
        if configuration.operationsPort == nil { routes += operations.operatorRoutes }
        routes.append(operations.contract)
        return routes
    }

    private func dialect<Spoken>(_ spoken: Spoken) -> DialectRoutes<Spoken> {
        DialectRoutes(spoken, configuration, services, metrics, quotas)
    }

    /// Answers a request of a caller that may make it, within its quotas.
    ///
    /// What a caller is not shown is not there; only then its scopes are asked for.
    @Sendable
    private func guarded(
        _ route: Route,
        _ request: Request,
        _ context: ServerContext
    ) async throws -> Response {
        let principal = try context.caller()
        guard !principal.isNarrowed || !route.isWhole else {
            services.tally.noteRefusal("hidden", of: principal, from: context.client)
            throw Problem(.notFound)
        }
        if case .holders(let scope) = route.access, !principal.scopes.contains(scope) {
            refusals.count(.scope)
            services.tally.noteRefusal(
                "insufficient_scope",
                of: principal,
                from: context.client
            )
            try principal.require(scope)
        }
        try quotas.admit(principal, route)
        var response = try await services.idempotency.answer(
            request,
            context,
            route,
            bodyLimit: max(configuration.bulkBytes, configuration.requestBytes)
        )
        response = try answers.admit(
            response,
            to: "\(principal.tenant) \(principal.makerKey ?? principal.id ?? "")"
        )
        quotas.standing(principal, route)?.tell(&response.headers)
        return response
    }

    private func router(_ routes: [Route]) -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            RequestIdentity(
                makeID: { [preparer = services.preparer] in preparer.makeID().text },
                proxies: configuration.proxies
            )
            Tracing()
            AccessLog(accessLogger)
            Observation(metrics)
            BrowserRules(
                origins: configuration.origins,
                isSecure: configuration.certificate != nil,
                routes: routes
            )
            ProblemRendering(routes: routes)
        }
        let authenticated = router.group()
            .add(
                middleware: Authentication(
                    keys: services.keys,
                    tokens: services.tokens,
                    viewers: services.viewers,
                    tally: services.tally,
                    anonymous: configuration.anonymousTenant.map { .anonymous(tenant: $0) },
                    refusals: refusals
                )
            )
        for route in routes {
            switch route.access {
            case .everybody:
                router.on(route.routerPath, method: route.method, use: route.handler)
            case .members, .holders:
                authenticated.on(route.routerPath, method: route.method) { request, context in
                    try await guarded(route, request, context)
                }
            }
        }
        return router
    }
}
