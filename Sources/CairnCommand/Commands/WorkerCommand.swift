// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger
import Logging
import Metrics
import ServiceLifecycle
import UnixSignals

/// Makes exports of a store that servers share.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Make exports beside servers that share a database.",
        discussion: """
            Takes the exports that wait, a few at once, and makes them; any number of workers may \
            run. Prints one line 'working' on standard error when it begins. SIGTERM and \
            SIGINT end it: somebody else, or the next start, goes on with what was begun. Exits \
            with 0 after that; 2 if a setting is not allowed; 3 if the store is in use or cannot \
            be used.
            """
    )

    @OptionGroup(title: "Settings") var options: SettingOptions

    func run() async throws {
        let settings = try await Settings(options: options)
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        LoggingSystem.bootstrap { label in
            JSONLogHandler(label: label, level: level, now: Composition.now) {
                Terminal.complain($0)
            }
        }
        let logger = Logger(label: "cairn.worker")
        let open = try await Composition.openExisting(StorePlace(settings))
        try await PlaceOptions.closing({ try await open.close() }) {
            let ledgers = Ledgers(
                directory: open.store,
                store: open.store,
                signer: open.signer,
                vault: open.vault,
                clock: open.clock,
                limits: settings.ledgerLimits
            )
            let objects = try await Composition.openObjects(settings.objects)
            let exports = Composition.exports(
                of: open,
                ledgers: ledgers,
                objects: objects.store,
                settings: settings.exports,
                logger: logger
            )
            Terminal.complain("working")
            let group = ServiceGroupConfiguration(
                services: [.init(service: objects), .init(service: exports.worker)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
            do {
                try await ServiceGroup(configuration: group).run()
            } catch {
                throw CommandFailure.unavailable("the worker ended: \(error)")
            }
        }
    }
}
