// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
package import Logging
internal import ServiceLifecycle

/// Hears of keys and viewer tokens that any server makes or revokes, at once.
///
/// It is there for speed alone: who listens by way of a pooler hears nothing, and what is missed is
/// seen at the next look.
package struct KeyChanges: Service {
    /// The channel on which changes are told.
    static let channel = "cairn_keys"
    /// How long one wait lasts, in milliseconds, and how long to wait after a failure.
    private static let (wait, pause): (Int32, Duration) = (500, .seconds(5))

    private let store: PostgresStore
    private let logger: Logger
    private let onChange: @Sendable () async throws -> Void

    /// Does `onChange` whenever keys have changed.
    package init(
        of store: PostgresStore,
        logger: Logger,
        onChange: @escaping @Sendable () async throws -> Void
    ) {
        self.store = store
        self.logger = logger
        self.onChange = onChange
    }

    /// Listens until the service is to end.
    package func run() async throws {
        let connection = PostgresConnection()
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await listen(connection)
                } catch {
                    logger.debug("changes of keys are not heard", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: KeyChanges.pause)
                }
            }
        }
        await connection.close()
    }

    private func listen(_ connection: PostgresConnection) async throws {
        try await connection.open(store.pool.target)
        try await connection.runScript("LISTEN \(KeyChanges.channel)")
        // What changed while nobody listened.
        try await onChange()
        while !Task.isCancelled {
            if try await connection.waitForNotification(milliseconds: KeyChanges.wait) {
                try await onChange()
            }
        }
    }
}
