// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnServer
import Configuration
import Foundation
import SystemPackage

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

    /// The effective values as text, by setting; nil where nothing is set and nothing holds.
    let values: [(setting: Setting, value: String?)]

    /// Reads the settings, or names the first that is not allowed.
    init(
        options: SettingOptions,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws(InvalidSetting) {
        let reader = try await SettingReader(options: options, environment: environment)
        dataDirectory = try await reader.text(.data)
        host = try await reader.text(.host)
        port = try await reader.integer(.port)
        operationsPort = try await reader.optionalInteger(.operationsPort)
        isOpen = try await reader.flag(.noAuth)
        issuersFile = try await reader.optionalText(.issuers)
        recorded = isOpen ? [] : try await reader.recorded()
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
        var values: [(setting: Setting, value: String?)] = []
        for setting in Setting.all {
            values.append((setting, try await reader.effective(setting)))
        }
        self.values = values
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

/// Looks settings up by strength and checks them.
struct SettingReader {
    private let config: ConfigReader

    init(options: SettingOptions, environment: [String: String]) async throws(InvalidSetting) {
        var given: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in Setting.all {
            guard let text = options.given[setting.key] else { continue }
            given[AbsoluteConfigKey(ConfigKey(setting.key))] = try SettingReader.value(
                text,
                of: setting
            )
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(values: given),
            EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: "cairn"),
        ]
        if let path = options.config ?? environment["CAIRN_CONFIG"] {
            providers.append(try await SettingReader.file(path))
        }
        config = ConfigReader(providers: providers)
    }

    private static func value(
        _ text: String,
        of setting: Setting
    ) throws(InvalidSetting)
        -> ConfigValue
    {
        switch setting.kind {
        case .text, .path, .word: return ConfigValue(.string(text), isSecret: false)
        case .flag: return ConfigValue(.bool(text == "true"), isSecret: false)
        case .integer:
            guard let number = Int(text) else {
                throw InvalidSetting(key: setting.key, allowed: setting.allowed)
            }
            return ConfigValue(.int(number), isSecret: false)
        }
    }

    private static func file(_ path: String) async throws(InvalidSetting) -> any ConfigProvider {
        do {
            return path.hasSuffix(".json")
                ? try await FileProvider<JSONSnapshot>(filePath: FilePath(path))
                : try await FileProvider<YAMLSnapshot>(filePath: FilePath(path))
        } catch {
            throw InvalidSetting(
                key: "config",
                allowed: "a file of settings that can be read (\(path): \(error))"
            )
        }
    }

    /// The value that is set, as text; nil when none is.
    private func lookUp(_ setting: Setting) async throws(InvalidSetting) -> String? {
        let key = ConfigKey(setting.key)
        let found: String?
        do {
            switch setting.kind {
            case .text, .path, .word: found = try await config.fetchString(forKey: key)
            case .flag: found = try await config.fetchBool(forKey: key).map { "\($0)" }
            case .integer: found = try await config.fetchInt(forKey: key).map { "\($0)" }
            }
        } catch {
            // What the provider says names its own types; the name and the rule say more.
            throw InvalidSetting(key: setting.key, allowed: setting.allowed)
        }
        guard let found else { return nil }
        let isAllowed =
            switch setting.kind {
            case .text, .path: !found.isEmpty
            case .flag: true
            case .integer(let range): Int(found).map(range.contains) ?? false
            case .word(let words): words.contains(found)
            }
        guard isAllowed else { throw InvalidSetting(key: setting.key, allowed: setting.allowed) }
        return found
    }

    func effective(_ setting: Setting) async throws(InvalidSetting) -> String? {
        try await lookUp(setting) ?? setting.defaultText
    }

    func quotas() async throws(InvalidSetting) -> QuotaLimits {
        var quotas = QuotaLimits()
        quotas.events = try await optionalInteger(.quotaEvents)
        quotas.bytes = try await optionalInteger(.quotaBytes)
        quotas.queries = try await optionalInteger(.quotaQueries)
        quotas.credentialPercent = try await integer(.quotaPercent)
        return quotas
    }

    func recorded() async throws(InvalidSetting) -> Set<SelfRecorder.Kind> {
        let text = try await text(.recorded)
        guard text != "none" else { return [] }
        var kinds: Set<SelfRecorder.Kind> = []
        for word in text.split(separator: ",").map({ $0.filter { $0 != " " } }) {
            guard let kind = SelfRecorder.Kind(rawValue: word) else {
                let words = SelfRecorder.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidSetting(
                    key: Setting.recorded.key,
                    allowed: "some of \(words) between commas, or none"
                )
            }
            kinds.insert(kind)
        }
        return kinds
    }

    func origins() async throws(InvalidSetting) -> Set<String> {
        guard let text = try await lookUp(.corsOrigins) else { return [] }
        let origins = text.split(separator: ",").map { $0.filter { $0 != " " } }
        for origin in origins {
            guard let url = URLComponents(string: origin), let host = url.host, !host.isEmpty,
                url.scheme == "https" || url.scheme == "http", url.path.isEmpty,
                url.query == nil, url.user == nil, origin == origin.lowercased()
            else {
                throw InvalidSetting(
                    key: Setting.corsOrigins.key,
                    allowed: "origins between commas, as https://app.example.com, and never *"
                )
            }
        }
        return Set(origins)
    }

    func optionalText(_ setting: Setting) async throws(InvalidSetting) -> String? {
        try await lookUp(setting)
    }

    func text(_ setting: Setting) async throws(InvalidSetting) -> String {
        try await effective(setting) ?? ""
    }

    func flag(_ setting: Setting) async throws(InvalidSetting) -> Bool {
        try await effective(setting) == "true"
    }

    func optionalInteger(_ setting: Setting) async throws(InvalidSetting) -> Int? {
        try await effective(setting).flatMap { Int($0) }
    }

    func integer(_ setting: Setting) async throws(InvalidSetting) -> Int {
        guard let number = try await optionalInteger(setting) else {
            preconditionFailure("\(setting.key) has a default")
        }
        return number
    }

    func ledgerLimits() async throws(InvalidSetting) -> Ledger.Limits {
        var limits = Ledger.Limits()
        limits.batchRecords = try await integer(.batchRecords)
        limits.poolRecords = try await integer(.poolRecords)
        limits.poolBytes = try await integer(.poolMebibytes) << 20
        return limits
    }

    func eventLimits() async throws(InvalidSetting) -> Limits {
        var limits = Limits()
        limits.eventBytes = try await integer(.eventBytes)
        limits.documentBytes = try await integer(.documentBytes)
        limits.documentDepth = try await integer(.documentDepth)
        limits.identifierBytes = try await integer(.identifierBytes)
        limits.actionBytes = try await integer(.actionBytes)
        limits.nameBytes = try await integer(.nameBytes)
        limits.userAgentBytes = try await integer(.userAgentBytes)
        limits.descriptionBytes = try await integer(.descriptionBytes)
        limits.resourceCount = try await integer(.resourceCount)
        limits.aheadMilliseconds = Int64(try await integer(.aheadSeconds)) * 1000
        return limits
    }
}
