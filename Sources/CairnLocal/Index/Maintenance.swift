// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
package import Logging
internal import ServiceLifecycle

/// Merges records into the index when the store is quiet, so that nothing waits for long.
package struct Maintenance: Service {
    private let store: LocalStore
    private let logger: Logger

    /// Keeps `store` merged.
    package init(store: LocalStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Merges twice a second until told to shut down, then closes the store.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: .milliseconds(500))
                } catch {
                    return
                }
                await merge()
            }
        }
        await merge()
    }

    private func merge() async {
        do throws(StoreError) {
            try await store.merge()
        } catch {
            logger.error("the index could not be merged", metadata: ["error": "\(error)"])
        }
    }
}
