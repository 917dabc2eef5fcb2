// SPDX-License-Identifier: Apache-2.0
import CairnLedger
import Logging
import ServiceLifecycle

/// Makes the keys of digests in time, for tenants that have rules which need one.
struct RedactionKeys: Service {
    private static let interval = Duration.seconds(60)

    let policy: RedactionPolicy
    let directory: any Directory
    let logger: Logger

    /// Loads what is needed now.
    func load() async throws(StoreError) {
        try await policy.loadKeys(of: directory, at: Composition.now()) {
            Composition.randomBytes(32)
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: RedactionKeys.interval)) != nil {
                do throws(StoreError) {
                    try await load()
                } catch {
                    // Until then secrets are replaced whole, so nothing is kept that should not be.
                    logger.warning("no key for redaction", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
