// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger
import CairnServer
import Foundation
import Logging

extension Composition {
    /// What exports of an open store need; the worker is there to be run by somebody, or not.
    static func exports(
        of open: OpenStore,
        ledgers: Ledgers,
        objects: any ObjectStore,
        settings: ExportSettings = ExportSettings(),
        logger: Logger
    ) -> (services: ExportServices, worker: ExportWorker) {
        let preparer = preparer()
        let makeID = { @Sendable in preparer.makeID() }
        let tools = ExportToolbox(folder: open.folder + "/tmp")
        let exports = Exports(
            ledgers: ledgers,
            queue: open.store,
            limits: settings.limits,
            now: open.clock.now,
            makeID: makeID
        )
        let worker = ExportWorker(
            ledgers: ledgers,
            store: open.store,
            index: open.store,
            queue: open.store,
            objects: objects,
            tools: tools,
            limits: settings.limits,
            clock: open.clock,
            makeID: makeID,
            logger: logger
        )
        let services = ExportServices(
            exports: exports,
            worker: settings.isWorker ? worker : nil,
            objects: objects,
            tools: tools,
            linkDuration: settings.linkDuration,
            secret: open.secret("cairn export links")
        )
        return (services, worker)
    }

    /// Opens the store of objects that the environment names, or that of the store's folder.
    static func openObjects(of open: OpenStore) async throws -> OpenObjects {
        let environment = ProcessInfo.processInfo.environment
        let reader = try await SettingReader(
            options: try SettingOptions.parse([]),
            environment: environment
        )
        return try await openObjects(
            ObjectSettings(reader, dataDirectory: open.folder, environment: environment)
        )
    }
}
