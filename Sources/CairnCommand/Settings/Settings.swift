// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnServer
import Foundation

/// Everything an operator may set, read and checked.
///
/// Options beat the environment, the environment beats the file, the file beats the defaults. This
/// is the only reader of configuration; ``Setting`` says what there is, and
/// `docs/configuration.md` is made from it.
struct Settings: Sendable {
    let dataDirectory: String
    let host: String
    let port: Int
    let operationsPort: Int?
    let isOpen: Bool
    /// The file that says whose tokens are believed, if there is one.
    let issuersFile: String?
    /// What callers do that ledgers record about themselves; nothing where everybody is let in.
    let recorded: Set<SelfRecorder.Kind>
    /// What is taken out of events: a word, or the path of a file.
    let redaction: String
    /// The prefix of new ledgers' origins; nil for one that is random per store.
    let originPrefix: String?
    let checkpointDirectory: String
    let signingKeyFile: String
    let logLevel: String
    let publishInterval: Duration
    let shutdownGrace: Duration
    let quotas: QuotaLimits
    /// The origins of other sites whose pages may call.
    let corsOrigins: Set<String>
    let connections: Int
    let ledgerLimits: Ledger.Limits
    let eventLimits: Limits
    let edge: EdgeSettings
    let exports: ExportSettings
    /// The database, if the store is not in a folder.
    let database: DatabaseSettings?
    /// Where whole objects are kept.
    let objects: ObjectSettings

    /// The issuer that `JWT_SECRET` describes, unless a file of issuers is set.
    let secretIssuer: TokenIssuer?
    /// What an operator is told at the start of variables that older services have; names alone.
    let notices: [String]

    /// The effective values as text, by setting, and where each comes from; nil where nothing is
    /// set and nothing holds.
    let values: [(setting: Setting, value: String?, source: SettingReader.Source)]

    /// Reads the settings, or names the first that is not allowed.
    init(
        options: SettingOptions,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws(InvalidSetting) {
        try SettingAlias.refuseTenant(in: environment)
        let reader = try await SettingReader(options: options, environment: environment)
        dataDirectory = try await reader.text(.data)
        host = try await reader.text(.host)
        port = try await reader.integer(.port)
        operationsPort = try await reader.optionalInteger(.operationsPort)
        isOpen = try await reader.flag(.noAuth)
        issuersFile = try await reader.optionalText(.issuers)
        recorded = isOpen ? [] : try await reader.recorded()
        redaction = try await reader.text(.redaction)
        originPrefix = try await reader.optionalText(.origin)
        if let originPrefix, !Settings.isOriginPrefix(originPrefix) {
            throw InvalidSetting(
                key: Setting.origin.key,
                allowed: "a host, a port if any, and path segments: "
                    + "[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)*, at most 167 bytes"
            )
        }
        let sibling = Settings.sibling(of: dataDirectory)
        checkpointDirectory = try await reader.optionalText(.checkpointDirectory) ?? sibling
        let keyFile = Settings.keyFile(in: dataDirectory)
        signingKeyFile = try await reader.optionalText(.signingKey) ?? keyFile
        logLevel = try await reader.text(.logLevel)
        publishInterval = .milliseconds(try await reader.integer(.publishInterval))
        shutdownGrace = .seconds(try await reader.integer(.shutdownGrace))
        quotas = try await reader.quotas()
        corsOrigins = try await reader.origins()
        connections = try await reader.integer(.connections)
        ledgerLimits = try await reader.ledgerLimits()
        eventLimits = try await reader.eventLimits()
        edge = try await EdgeSettings(reader)
        exports = try await ExportSettings(reader)
        database = try await DatabaseSettings(reader)
        objects = try await ObjectSettings(
            reader,
            dataDirectory: dataDirectory,
            environment: environment
        )
        var values: [(setting: Setting, value: String?, source: SettingReader.Source)] = []
        for setting in Setting.all {
            let source = try await reader.source(setting)
            let value = try await reader.effective(setting)
            values.append((setting, setting.isSecret ? value.map { _ in "set" } : value, source))
        }
        self.values = values
        secretIssuer = issuersFile == nil ? try SettingAlias.issuer(in: environment) : nil
        let unread =
            objects.usesAWS ? environment.filter { !$0.key.hasPrefix("AWS_") } : environment
        notices = Settings.notices(unread, values.map(\.source), secretIssuer)
        if try await reader.text(.environment) == "production" {
            let rules = ProductionRules(
                isOpen: isOpen,
                isLoopback: Settings.isLoopback(host),
                hasTLS: edge.certificateFiles != nil,
                isTerminatedByProxy: try await reader.flag(.terminatedByProxy),
                trustedProxies: edge.proxies.trustEverybody ? 0 : edge.proxies.count,
                objectsEndpoint: objects.bucket?.endpoint,
                secret: secretIssuer.flatMap {
                    if case .secret(let bytes) = $0.keys { bytes } else { nil }
                }
            )
            if let broken = rules.broken { throw broken }
        }
    }

    private static func notices(
        _ environment: [String: String],
        _ sources: [SettingReader.Source],
        _ secretIssuer: TokenIssuer?
    ) -> [String] {
        var notices = sources.compactMap { source in
            if case .alias(let name) = source { name } else { nil as String? }
        }
        let isSecretSet = !(environment["JWT_SECRET"] ?? "").isEmpty
        if secretIssuer != nil { notices.append("JWT_SECRET") }
        notices = notices.map { "the variable \($0) is in use, as an alias; see configuration.md" }
        var unused = SettingAlias.unused.filter { environment[$0] != nil }
        if isSecretSet, secretIssuer == nil { unused.append("JWT_SECRET") }
        if !unused.isEmpty {
            let names = unused.joined(separator: ", ")
            notices.append("these variables are set and not used: \(names)")
        }
        return notices
    }

    /// Where the signing key is unless it is set.
    static func keyFile(in dataDirectory: String) -> String {
        dataDirectory + "/signing.key"
    }

    /// Where checkpoints go unless it is set: beside the data folder, not in it.
    static func sibling(of dataDirectory: String) -> String {
        var path = dataDirectory
        while path.count > 1, path.hasSuffix("/") {
            path.removeLast()
        }
        return path + "-checkpoints"
    }

    /// Whether a ledger's id after this makes an origin.
    static func isOriginPrefix(_ text: String) -> Bool {
        Origin.isValid(text + "/" + String(repeating: "0", count: 32))
    }

    /// Whether nobody but this machine can connect to the address.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// Why a command will not start: a setting's name and what is allowed.
struct InvalidSetting: Error, Equatable, CustomStringConvertible {
    /// The setting.
    let key: String
    /// What is allowed.
    let allowed: String

    /// Both, as a sentence.
    var description: String { "the setting \(key) is not allowed; allowed: \(allowed)" }
}
