// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import ServiceLifecycle

/// Signs and publishes checkpoints of every open ledger each second while its head moves, and
/// once more on the way out.
package struct Publisher: Service {
    private let ledgers: Ledgers
    private let logger: Logger
    private let interval: Duration

    /// Publishes the open ledgers of `ledgers`.
    package init(ledgers: Ledgers, logger: Logger, interval: Duration = .seconds(1)) {
        self.ledgers = ledgers
        self.logger = logger
        self.interval = interval
    }

    /// Publishes until the service is told to shut down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: interval)
                } catch {
                    return
                }
                await publishAll()
                await ledgers.closeIdle()
            }
        }
        await publishAll()
    }

    private func publishAll() async {
        for ledger in await ledgers.openLedgers {
            do throws(LedgerError) {
                try await ledger.publish()
            } catch {
                logger.error(
                    "a checkpoint could not be published",
                    metadata: ["tenant": "\(ledger.tenant.name)", "error": "\(error)"]
                )
            }
        }
    }
}
