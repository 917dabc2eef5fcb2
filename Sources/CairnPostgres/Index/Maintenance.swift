// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
package import Logging
internal import ServiceLifecycle

/// Keeps the index, the counts and the times of blocks close behind the records while a server
/// runs.
///
/// Any number of servers may run it; of several that try at once, one does it.
package struct Maintenance: Service {
    /// How long to wait after a failure.
    private static let pause = Duration.seconds(5)

    private let store: PostgresStore
    private let logger: Logger

    /// Keeps a store in order.
    package init(store: PostgresStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Works whenever there is enough to do, until the service is to end.
    package func run() async throws {
        // What others left behind.
        var isFirst = true
        store.memory.signalDue()
        for await _ in store.memory.due.cancelOnGracefulShutdown() {
            do throws(StoreError) {
                // What is counted does not wait for what cannot be tidied.
                if isFirst { try await store.rollDue() }
                for ledger in store.memory.takeUncounted() { try await store.roll(ledger) }
                if store.memory.takeUntidied() || isFirst { try await store.tidy() }
                isFirst = false
            } catch {
                logger.warning("the index falls behind", metadata: ["error": "\(error)"])
                try await Task.sleep(for: Maintenance.pause)
                // All of it, because what was taken is not known any more.
                isFirst = true
                store.memory.signalDue()
            }
        }
    }
}
