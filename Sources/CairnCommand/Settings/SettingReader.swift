// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnServer
import Configuration
import Foundation
import SystemPackage

/// Looks settings up by strength and checks them.
struct SettingReader {
    /// Where a value comes from.
    enum Source: Sendable, CustomStringConvertible {
        case option(Setting)
        case variable(String)
        case file(String)
        case alias(String)
        case preset

        /// The source, for people.
        var description: String {
            switch self {
            case .option(let setting): "--\(setting.option)"
            case .variable(let name): name
            case .file(let path): path
            case .alias(let name): "\(name), an alias"
            case .preset: "default"
            }
        }
    }

    /// A place that has settings, and how it names one of them.
    private struct Layer {
        let config: ConfigReader
        let source: @Sendable (Setting) -> Source
    }

    /// From the strongest to the weakest.
    private let layers: [Layer]
    private let environment: [String: String]

    init(options: SettingOptions, environment: [String: String]) async throws(InvalidSetting) {
        var given: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in Setting.all {
            guard let text = options.given[setting.key] else { continue }
            given[AbsoluteConfigKey(ConfigKey(setting.key))] = try SettingReader.value(
                text,
                of: setting
            )
        }
        var layers = [
            Layer(config: ConfigReader(provider: InMemoryProvider(values: given))) { .option($0) },
            Layer(
                config: ConfigReader(
                    provider: EnvironmentVariablesProvider(environmentVariables: environment)
                        .prefixKeys(with: "cairn")
                )
            ) { .variable($0.variable) },
        ]
        if let path = options.config ?? environment["CAIRN_CONFIG"] {
            let provider = try await SettingReader.file(path)
            layers.append(Layer(config: ConfigReader(provider: provider)) { _ in .file(path) })
        }
        self.layers = layers
        self.environment = environment
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

    /// The value that is set, as text, and where; nil when none is.
    private func find(
        _ setting: Setting
    ) async throws(InvalidSetting) -> (text: String, source: Source)? {
        for layer in layers {
            guard let text = try await SettingReader.text(setting, in: layer.config) else {
                continue
            }
            return (try SettingReader.checked(text, setting), layer.source(setting))
        }
        for alias in SettingAlias.all where alias.setting.key == setting.key {
            guard let text = environment[alias.variable], !text.isEmpty,
                let value = try alias.read(text)
            else { continue }
            return (try SettingReader.checked(value, setting), .alias(alias.variable))
        }
        return nil
    }

    private static func text(
        _ setting: Setting,
        in config: ConfigReader
    ) async throws(InvalidSetting) -> String? {
        let key = ConfigKey(setting.key)
        do {
            switch setting.kind {
            case .text, .path, .word: return try await config.fetchString(forKey: key)
            case .flag: return try await config.fetchBool(forKey: key).map { "\($0)" }
            case .integer: return try await config.fetchInt(forKey: key).map { "\($0)" }
            }
        } catch {
            // What the provider says names its own types; the name and the rule say more.
            throw InvalidSetting(key: setting.key, allowed: setting.allowed)
        }
    }

    private static func checked(
        _ found: String,
        _ setting: Setting
    ) throws(InvalidSetting) -> String {
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

    private func lookUp(_ setting: Setting) async throws(InvalidSetting) -> String? {
        try await find(setting)?.text
    }

    func effective(_ setting: Setting) async throws(InvalidSetting) -> String? {
        try await lookUp(setting) ?? setting.defaultText
    }

    /// Where the value comes from that holds.
    func source(_ setting: Setting) async throws(InvalidSetting) -> Source {
        try await find(setting)?.source ?? .preset
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
        guard !kinds.isEmpty else {
            throw InvalidSetting(key: Setting.recorded.key, allowed: "some kinds, or none by name")
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
