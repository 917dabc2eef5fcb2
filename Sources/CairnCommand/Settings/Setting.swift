// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// One thing an operator may set: its name, what is allowed, what holds otherwise, what it means.
///
/// The setting `a.b-c` is the option `--a-b-c`, the environment variable `CAIRN_A_B_C` and the
/// member `b-c` of `a` in the settings file.
struct Setting: Sendable {
    /// What a value may be.
    enum Kind: Sendable, Equatable {
        /// Text that is not empty.
        case text
        /// The path of a file or folder.
        case path
        /// On or off.
        case flag
        /// A whole number.
        case integer(ClosedRange<Int>)
        /// One of a few words.
        case word([String])
    }

    /// The name, dotted.
    let key: String
    /// What a value may be.
    let kind: Kind
    /// What holds when nothing is set; nil when nothing does.
    let defaultText: String?
    /// What it means, as a sentence, with its unit.
    let meaning: String
    /// Whether a value may hold a password, and is not shown.
    var isSecret = false

    /// The command line's option, without dashes in front.
    var option: String { String(key.map { $0 == "." ? "-" : $0 }) }

    /// The environment's variable.
    var variable: String {
        "CAIRN_" + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }

    /// What is allowed, for people.
    var allowed: String {
        switch kind {
        case .text: "text that is not empty"
        case .path: "a path"
        case .flag: "true or false"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .word(let words): words.joined(separator: ", ")
        }
    }

    /// The argument parser's name of the option.
    var name: NameSpecification { .customLong(option) }

    /// The argument parser's help for the option.
    var help: ArgumentHelp {
        let preset = defaultText.map { " Default: \($0)." } ?? ""
        return ArgumentHelp(
            "\(meaning)\(preset)",
            valueName: kind == .path ? "path" : "value"
        )
    }
}

extension Setting {
    static let data = Setting(
        key: "data",
        kind: .path,
        defaultText: "./cairn-data",
        meaning: "The folder of the store; created if absent."
    )
    static let host = Setting(
        key: "host",
        kind: .text,
        defaultText: "127.0.0.1",
        meaning: "The address to listen on."
    )
    static let port = Setting(
        key: "port",
        kind: .integer(0...65535),
        defaultText: "8000",
        meaning: "The port to listen on; 0 chooses one."
    )
    static let operationsPort = Setting(
        key: "operations-port",
        kind: .integer(0...65535),
        defaultText: nil,
        meaning: "A port of their own for metrics and readiness; the main one otherwise."
    )
    static let noAuth = Setting(
        key: "no-auth",
        kind: .flag,
        defaultText: "false",
        meaning: "Serve everybody who can connect, without credentials; on loopback only."
    )
    static let environment = Setting(
        key: "environment",
        kind: .word(["development", "production"]),
        defaultText: "development",
        meaning:
            "In `production` the server does not start on settings that others must not depend on."
    )
    static let terminatedByProxy = Setting(
        key: "tls.terminated-by-proxy",
        kind: .flag,
        defaultText: "false",
        meaning: "Says that a proxy in front speaks TLS, and nobody is between it and the server."
    )
    static let issuers = Setting(
        key: "auth.issuers",
        kind: .path,
        defaultText: nil,
        meaning: "A JSON file that says whose tokens (JWT) are believed; see operating.md."
    )
    static let recorded = Setting(
        key: "access.recorded",
        kind: .text,
        defaultText: "reads,verifications,changes,refusals",
        meaning: "What callers do that the ledger records about itself, between commas, or `none`."
    )
    static let redaction = Setting(
        key: "redaction.rules",
        kind: .text,
        defaultText: "standard",
        meaning: "What is taken out of events: `standard`, `off`, or a JSON file; see operating.md."
    )
    static let origin = Setting(
        key: "origin",
        kind: .text,
        defaultText: "cairn.local/<8 hex digits, random per store>",
        meaning: "The prefix of new ledgers' names; ledgers that exist keep theirs."
    )
    static let checkpointDirectory = Setting(
        key: "checkpoint-dir",
        kind: .path,
        defaultText: "<data>-checkpoints",
        meaning: "Where the newest checkpoint of each ledger is kept, outside the store."
    )
    static let signingKey = Setting(
        key: "signing-key",
        kind: .path,
        defaultText: "<data>/signing.key",
        meaning: "The file of the key that signs checkpoints, mode 0600; made if absent."
    )
    static let logLevel = Setting(
        key: "log.level",
        kind: .word(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
        defaultText: "info",
        meaning: "The least that the log on standard error tells."
    )
    static let publishInterval = Setting(
        key: "publish.interval-ms",
        kind: .integer(10...60_000),
        defaultText: "1000",
        meaning: "How often checkpoints of growing ledgers are published, in milliseconds."
    )
    static let shutdownGrace = Setting(
        key: "shutdown.grace-seconds",
        kind: .integer(1...3600),
        defaultText: "30",
        meaning: "How long requests may take to end after SIGTERM or SIGINT, in seconds."
    )
    static let batchRecords = Setting(
        key: "ledger.batch-records",
        kind: .integer(1...4096),
        defaultText: "1024",
        meaning: "The most records in one commit."
    )
    static let poolRecords = Setting(
        key: "ledger.pool-records",
        kind: .integer(1...1_048_576),
        defaultText: "16384",
        meaning: "The most records of one ledger that may wait for a commit."
    )
    static let poolMebibytes = Setting(
        key: "ledger.pool-mib",
        kind: .integer(1...4096),
        defaultText: "64",
        meaning: "The most content of one ledger that may wait for a commit, in MiB."
    )
    static let quotaEvents = Setting(
        key: "quota.events-per-second",
        kind: .integer(1...1_000_000),
        defaultText: nil,
        meaning: "The most events a second of one tenant; without it, no end."
    )
    static let quotaBytes = Setting(
        key: "quota.bytes-per-second",
        kind: .integer(1024...1_073_741_824),
        defaultText: nil,
        meaning: "The most bytes of events a second of one tenant; without it, no end."
    )
    static let quotaQueries = Setting(
        key: "quota.queries-per-second",
        kind: .integer(1...1_000_000),
        defaultText: nil,
        meaning: "The most other requests a second of one tenant; without it, no end."
    )
    static let quotaPercent = Setting(
        key: "quota.credential-percent",
        kind: .integer(1...100),
        defaultText: "100",
        meaning: "What part of its tenant's quota one credential may use, in percent."
    )
    static let corsOrigins = Setting(
        key: "cors.origins",
        kind: .text,
        defaultText: nil,
        meaning:
            "The origins whose pages may call, between commas: `https://app.example.com` and the like."
    )
    static let connections = Setting(
        key: "limits.connections",
        kind: .integer(1...1_000_000),
        defaultText: "10000",
        meaning: "The most connections that are open at once."
    )
    static let eventBytes = Setting(
        key: "limits.event-bytes",
        kind: .integer(1024...4_194_304),
        defaultText: "1048576",
        meaning: "The longest event, in bytes as sent."
    )
    static let documentBytes = Setting(
        key: "limits.document-bytes",
        kind: .integer(0...1_048_576),
        defaultText: "262144",
        meaning: "The longest `details`, `change.before` and `change.after`, each, in bytes."
    )
    static let documentDepth = Setting(
        key: "limits.document-depth",
        kind: .integer(1...32),
        defaultText: "32",
        meaning: "How deep `details`, `change.before` and `change.after` may nest, in levels."
    )
    static let identifierBytes = Setting(
        key: "limits.id-bytes",
        kind: .integer(16...4096),
        defaultText: "256",
        meaning: "The longest identifier, in bytes."
    )
    static let actionBytes = Setting(
        key: "limits.action-bytes",
        kind: .integer(16...4096),
        defaultText: "256",
        meaning: "The longest action, in bytes."
    )
    static let nameBytes = Setting(
        key: "limits.name-bytes",
        kind: .integer(16...65_536),
        defaultText: "1024",
        meaning: "The longest name of an actor or resource, and address, in bytes."
    )
    static let userAgentBytes = Setting(
        key: "limits.user-agent-bytes",
        kind: .integer(16...65_536),
        defaultText: "2048",
        meaning: "The longest user agent, in bytes."
    )
    static let descriptionBytes = Setting(
        key: "limits.description-bytes",
        kind: .integer(16...262_144),
        defaultText: "4096",
        meaning: "The longest description, in bytes."
    )
    static let resourceCount = Setting(
        key: "limits.resources",
        kind: .integer(1...1024),
        defaultText: "32",
        meaning: "The most resources of one event."
    )
    static let aheadSeconds = Setting(
        key: "limits.ahead-seconds",
        kind: .integer(0...86_400),
        defaultText: "600",
        meaning: "How far an event's time may be ahead of the server's clock, in seconds."
    )

    /// Every setting, in the order of the documentation.
    static let all =
        [
            data, host, port, operationsPort, noAuth, environment, terminatedByProxy, issuers,
            recorded, redaction, origin,
            checkpointDirectory,
            signingKey,
            logLevel,
            publishInterval, shutdownGrace, batchRecords, poolRecords, poolMebibytes, quotaEvents,
            quotaBytes, quotaQueries, quotaPercent, corsOrigins, connections, eventBytes,
            documentBytes, documentDepth, identifierBytes, actionBytes, nameBytes, userAgentBytes,
            descriptionBytes, resourceCount, aheadSeconds,
        ] + database + edge + objects + exports
}
