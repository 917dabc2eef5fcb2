// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnServer

/// A variable of older audit services that stands for a setting, and is weaker than all that names
/// the setting itself.
struct SettingAlias: Sendable {
    /// The variable.
    let variable: String
    /// The setting that it stands for.
    let setting: Setting
    /// What its values mean, for people.
    let meaning: String
    /// The setting's value for a value of the variable; nil for none.
    let read: @Sendable (_ text: String) throws(InvalidSetting) -> String?

    /// Every alias; of two for one setting, the first wins.
    static let all = [
        SettingAlias(
            variable: "LOG_LEVEL",
            setting: .logLevel,
            meaning: "a level in either case; also `warn`, `fatal` and `off`",
            read: logLevel
        ),
        SettingAlias(
            variable: "DEBUG",
            setting: .logLevel,
            meaning: "`true` or `1` is `debug`; anything else is nothing",
            read: { (text) throws(InvalidSetting) in isTrue(text) ? "debug" : nil }
        ),
        SettingAlias(
            variable: "CORS_ORIGINS",
            setting: .corsOrigins,
            meaning: "origins between commas, or a JSON array of them; `*` is refused",
            read: origins
        ),
        SettingAlias(
            variable: "ENVIRONMENT",
            setting: .environment,
            meaning: "`production` or `prod`; `development`, `dev`, `local`, `test` or `testing`",
            read: environment
        ),
        SettingAlias(
            variable: "DATABASE_URL",
            setting: .databaseURL,
            meaning: "`postgresql://` or `postgres://`, with the name of a driver or without",
            read: databaseURL
        ),
    ]

    /// Variables of older services that mean nothing here; an operator is told, lest anybody
    /// believes that they do.
    static let unused = [
        "DYNAMODB_TABLE_NAME", "AUDIT_S3_BUCKET", "EXPORT_S3_BUCKET",
        "S3_BUCKET_NAME", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "SQS_ENDPOINT",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
        "OPENSEARCH_HOST", "OPENSEARCH_PORT", "OPENSEARCH_USER", "OPENSEARCH_PASS",
        "SQS_LOG_QUEUE_URL", "SQS_EXPORT_QUEUE_URL", "REDIS_URL",
    ]

    /// Refuses a variable that would choose whose ledger is written.
    static func refuseTenant(in environment: [String: String]) throws(InvalidSetting) {
        guard environment["TENANT_ID"] == nil else {
            throw InvalidSetting(
                key: "TENANT_ID",
                allowed: "nothing, because a tenant comes from the credential alone"
            )
        }
    }

    /// The issuer of tokens that `JWT_SECRET` and `JWT_ALGORITHM` describe, if they are set.
    static func issuer(in environment: [String: String]) throws(InvalidSetting) -> TokenIssuer? {
        guard let secret = environment["JWT_SECRET"], !secret.isEmpty else { return nil }
        let algorithm = environment["JWT_ALGORITHM"] ?? TokenIssuer.Algorithm.hs256.rawValue
        guard algorithm == TokenIssuer.Algorithm.hs256.rawValue else {
            throw InvalidSetting(
                key: "JWT_ALGORITHM",
                allowed: "HS256; other algorithms need auth.issuers, which names their keys"
            )
        }
        guard secret.utf8.count >= 32 else {
            throw InvalidSetting(key: "JWT_SECRET", allowed: "a secret of at least 32 bytes")
        }
        return TokenIssuer(
            issuer: "cairn",
            audience: "cairn",
            algorithm: .hs256,
            keys: .secret(Array(secret.utf8))
        )
    }

    // MARK: Values

    private static func isTrue(_ text: String) -> Bool {
        ["true", "1", "yes", "on"].contains(text.lowercased())
    }

    @Sendable
    private static func logLevel(_ text: String) throws(InvalidSetting) -> String? {
        switch text.lowercased() {
        case "warn": return "warning"
        case "fatal", "off": return "critical"
        case let level:
            guard case .word(let words) = Setting.logLevel.kind, words.contains(level) else {
                throw InvalidSetting(key: "LOG_LEVEL", allowed: Setting.logLevel.allowed)
            }
            return level
        }
    }

    @Sendable
    private static func origins(_ text: String) throws(InvalidSetting) -> String? {
        var origins = text.split(separator: ",").map { $0.filter { $0 != " " } }
        if text.first(where: { $0 != " " }) == "[" {
            guard let items = (try? JSONValue(parsing: Array(text.utf8)))?.array,
                items.allSatisfy({ $0.string != nil })
            else {
                throw InvalidSetting(
                    key: "CORS_ORIGINS",
                    allowed: "origins between commas, or a JSON array of texts"
                )
            }
            origins = items.compactMap(\.string)
        }
        guard !origins.contains("*") else {
            throw InvalidSetting(
                key: "CORS_ORIGINS",
                allowed: "origins by name, and never *, by which pages of every site could call"
            )
        }
        return origins.isEmpty ? nil : origins.joined(separator: ",")
    }

    @Sendable
    private static func environment(_ text: String) throws(InvalidSetting) -> String? {
        switch text.lowercased() {
        case "production", "prod": return "production"
        case "development", "dev", "local", "test", "testing": return "development"
        default:
            throw InvalidSetting(key: "ENVIRONMENT", allowed: Setting.environment.allowed)
        }
    }

    @Sendable
    private static func databaseURL(_ text: String) throws(InvalidSetting) -> String? {
        guard !text.isEmpty else { return nil }
        let parts = text.split(separator: "://", maxSplits: 1)
        let scheme = parts[0].split(separator: "+").first.map(String.init) ?? ""
        guard parts.count == 2, ["postgresql", "postgres"].contains(scheme) else {
            throw InvalidSetting(key: "DATABASE_URL", allowed: "a URL of a PostgreSQL database")
        }
        return "postgresql://\(parts[1])"
    }
}
