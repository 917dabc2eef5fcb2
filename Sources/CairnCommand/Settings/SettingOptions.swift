// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The settings as options of a command; what is not given is nil.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "A file of settings, YAML, or JSON if it ends in .json; also CAIRN_CONFIG.",
            valueName: "path"
        )
    )
    var config: String?

    @Option(name: Setting.data.name, help: Setting.data.help) var data: String?
    @Option(name: Setting.host.name, help: Setting.host.help) var host: String?
    @Option(name: Setting.port.name, help: Setting.port.help) var port: String?
    @Option(name: Setting.operationsPort.name, help: Setting.operationsPort.help)
    var operationsPort: String?
    @Flag(name: Setting.noAuth.name, help: Setting.noAuth.help) var noAuth = false
    @Option(name: Setting.environment.name, help: Setting.environment.help)
    var environment: String?
    @Flag(name: Setting.terminatedByProxy.name, help: Setting.terminatedByProxy.help)
    var terminatedByProxy = false
    @Option(name: Setting.issuers.name, help: Setting.issuers.help) var issuers: String?
    @Option(name: Setting.recorded.name, help: Setting.recorded.help) var recorded: String?
    @Option(name: Setting.origin.name, help: Setting.origin.help) var origin: String?
    @Option(name: Setting.checkpointDirectory.name, help: Setting.checkpointDirectory.help)
    var checkpointDirectory: String?
    @Option(name: Setting.signingKey.name, help: Setting.signingKey.help) var signingKey: String?
    @Option(name: Setting.logLevel.name, help: Setting.logLevel.help) var logLevel: String?
    @Option(name: Setting.publishInterval.name, help: Setting.publishInterval.help)
    var publishInterval: String?
    @Option(name: Setting.shutdownGrace.name, help: Setting.shutdownGrace.help)
    var shutdownGrace: String?
    @Option(name: Setting.batchRecords.name, help: Setting.batchRecords.help)
    var batchRecords: String?
    @Option(name: Setting.poolRecords.name, help: Setting.poolRecords.help)
    var poolRecords: String?
    @Option(name: Setting.poolMebibytes.name, help: Setting.poolMebibytes.help)
    var poolMebibytes: String?
    @Option(name: Setting.quotaEvents.name, help: Setting.quotaEvents.help)
    var quotaEvents: String?
    @Option(name: Setting.quotaBytes.name, help: Setting.quotaBytes.help)
    var quotaBytes: String?
    @Option(name: Setting.quotaQueries.name, help: Setting.quotaQueries.help)
    var quotaQueries: String?
    @Option(name: Setting.quotaPercent.name, help: Setting.quotaPercent.help)
    var quotaPercent: String?
    @Option(name: Setting.corsOrigins.name, help: Setting.corsOrigins.help)
    var corsOrigins: String?
    @Option(name: Setting.connections.name, help: Setting.connections.help)
    var connections: String?
    @Option(name: Setting.eventBytes.name, help: Setting.eventBytes.help)
    var eventBytes: String?
    @Option(name: Setting.documentBytes.name, help: Setting.documentBytes.help)
    var documentBytes: String?
    @Option(name: Setting.documentDepth.name, help: Setting.documentDepth.help)
    var documentDepth: String?
    @Option(name: Setting.redaction.name, help: Setting.redaction.help) var redaction: String?
    @Option(name: Setting.identifierBytes.name, help: Setting.identifierBytes.help)
    var identifierBytes: String?
    @Option(name: Setting.actionBytes.name, help: Setting.actionBytes.help)
    var actionBytes: String?
    @Option(name: Setting.nameBytes.name, help: Setting.nameBytes.help) var nameBytes: String?
    @Option(name: Setting.userAgentBytes.name, help: Setting.userAgentBytes.help)
    var userAgentBytes: String?
    @Option(name: Setting.descriptionBytes.name, help: Setting.descriptionBytes.help)
    var descriptionBytes: String?
    @Option(name: Setting.resourceCount.name, help: Setting.resourceCount.help)
    var resourceCount: String?
    @Option(name: Setting.aheadSeconds.name, help: Setting.aheadSeconds.help)
    var aheadSeconds: String?
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var edge: EdgeOptions
    @OptionGroup var exports: ExportOptions
    @OptionGroup var objects: ObjectOptionGroup

    /// What was given, by the setting's key.
    var given: [String: String] {
        let options: [(setting: Setting, value: String?)] =
            [
                (.data, data), (.host, host), (.port, port), (.operationsPort, operationsPort),
                (.noAuth, noAuth ? "true" : nil), (.environment, environment),
                (.terminatedByProxy, terminatedByProxy ? "true" : nil), (.issuers, issuers),
                (.recorded, recorded), (.redaction, redaction), (.origin, origin),
                (.checkpointDirectory, checkpointDirectory), (.signingKey, signingKey),
                (.logLevel, logLevel),
                (.publishInterval, publishInterval), (.shutdownGrace, shutdownGrace),
                (.batchRecords, batchRecords), (.poolRecords, poolRecords),
                (.poolMebibytes, poolMebibytes), (.quotaEvents, quotaEvents),
                (.quotaBytes, quotaBytes), (.quotaQueries, quotaQueries),
                (.quotaPercent, quotaPercent), (.corsOrigins, corsOrigins),
                (.connections, connections), (.eventBytes, eventBytes),
                (.documentBytes, documentBytes), (.documentDepth, documentDepth),
                (.identifierBytes, identifierBytes), (.actionBytes, actionBytes),
                (.nameBytes, nameBytes), (.userAgentBytes, userAgentBytes),
                (.descriptionBytes, descriptionBytes), (.resourceCount, resourceCount),
                (.aheadSeconds, aheadSeconds),
            ] + Array(zip(Setting.database, database.given))
            + Array(zip(Setting.edge, edge.given))
            + Array(zip(Setting.objects, objects.given))
            + Array(zip(Setting.exports, exports.given))
        precondition(options.count == Setting.all.count, "every setting has an option")
        var given: [String: String] = [:]
        for (setting, value) in options {
            given[setting.key] = value
        }
        return given
    }
}
