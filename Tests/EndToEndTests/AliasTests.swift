// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Testing

@testable import CairnCommand

/// The settings that would hold.
private func settings(
    _ arguments: [String] = [],
    _ environment: [String: String] = [:]
) async throws -> Settings {
    try await Settings(options: try SettingOptions.parse(arguments), environment: environment)
}

@Suite("Variables of older services")
struct AliasTests {
    private static let secret = "Zm9vYmFyIHF1dXggMTIzNDU2Nzg5MCBwbHVtYnVz"

    @Test(
        "An alias stands for its setting",
        arguments: [
            (["LOG_LEVEL": "WARN"], "log.level", "warning", "LOG_LEVEL"),
            (["LOG_LEVEL": "Warning"], "log.level", "warning", "LOG_LEVEL"),
            (["LOG_LEVEL": "INFO"], "log.level", "info", "LOG_LEVEL"),
            (["LOG_LEVEL": "CRITICAL"], "log.level", "critical", "LOG_LEVEL"),
            (["DEBUG": "True"], "log.level", "debug", "DEBUG"),
            (["DEBUG": "true", "LOG_LEVEL": "ERROR"], "log.level", "error", "LOG_LEVEL"),
            (
                ["CORS_ORIGINS": #"["http://localhost:3000", "https://a.example.com"]"#],
                "cors.origins", "http://localhost:3000,https://a.example.com", "CORS_ORIGINS"
            ),
            (
                ["CORS_ORIGINS": "https://a.example.com, https://b.example.com"],
                "cors.origins", "https://a.example.com,https://b.example.com", "CORS_ORIGINS"
            ),
            (["ENVIRONMENT": "Production"], "environment", "production", "ENVIRONMENT"),
            (["ENVIRONMENT": "dev"], "environment", "development", "ENVIRONMENT"),
            (
                ["DATABASE_URL": "postgres://db.example.com/a"], "database.url", "set",
                "DATABASE_URL"
            ),
            (
                ["DATABASE_URL": "postgresql+asyncpg://u:p@db.example.com/a"],
                "database.url", "set", "DATABASE_URL"
            ),
        ] as [([String: String], String, String, String)]
    )
    func alias(
        _ environment: [String: String],
        _ setting: String,
        _ value: String,
        _ variable: String
    ) async throws {
        let held = try await settings([], environment).values.first { $0.setting.key == setting }
        #expect(held?.value == value)
        #expect(held?.source.description == "\(variable), an alias")
    }

    @Test("Options, variables of our own and the file beat an alias")
    func strength() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("cairn.yaml")
            try Data("log:\n  level: error\n".utf8).write(to: file)
            let alias = ["LOG_LEVEL": "debug"]
            let cases: [([String], [String: String], String, String)] = [
                (["--log-level", "notice"], ["CAIRN_LOG_LEVEL": "trace"], "notice", "--log-level"),
                ([], ["CAIRN_LOG_LEVEL": "trace"], "trace", "CAIRN_LOG_LEVEL"),
                ([], [:], "error", file.path),
            ]
            for (arguments, environment, level, source) in cases {
                let held = try await settings(
                    ["--config", file.path] + arguments,
                    alias.merging(environment) { $1 }
                ).values.first { $0.setting.key == "log.level" }
                #expect(held?.value == level)
                #expect(held?.source.description == source)
            }
        }
    }

    @Test(
        "A variable that is not allowed stops the start, by its name",
        arguments: [
            (["TENANT_ID": "1"], "TENANT_ID", "credential alone"),
            (["CORS_ORIGINS": "*"], "CORS_ORIGINS", "never *"),
            (["CORS_ORIGINS": #"["*"]"#], "CORS_ORIGINS", "never *"),
            (["LOG_LEVEL": "loud"], "LOG_LEVEL", "warning"),
            (["ENVIRONMENT": "moon"], "ENVIRONMENT", "production"),
            (["JWT_SECRET": "short"], "JWT_SECRET", "32 bytes"),
            (["JWT_SECRET": secret, "JWT_ALGORITHM": "none"], "JWT_ALGORITHM", "HS256"),
            (["JWT_SECRET": secret, "JWT_ALGORITHM": "RS256"], "JWT_ALGORITHM", "auth.issuers"),
        ] as [([String: String], String, String)]
    )
    func refused(_ environment: [String: String], _ name: String, _ why: String) async throws {
        let refusal = await #expect(throws: InvalidSetting.self) {
            _ = try await settings([], environment)
        }
        #expect(refusal?.key == name)
        #expect(refusal?.allowed.contains(why) == true)
        #expect(refusal?.allowed.contains(Self.secret) == false)
    }

    @Test("Aliases and variables that mean nothing are named at the start, without their values")
    func named() async throws {
        try await withTemporaryFolder { folder in
            let server = try await RunningServer(
                folder.appendingPathComponent("data"),
                isOpen: false,
                environment: [
                    "LOG_LEVEL": "WARNING", "JWT_SECRET": Self.secret, "REDIS_URL": "redis://x:9",
                    "OPENSEARCH_PASS": "hidden",
                ]
            )
            // Made with a tool that is not ours; it ends in the year 2100.
            let token =
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjYWlybiIsImF1ZCI6ImNha"
                + "XJuIiwic3ViIjoiYWRhIiwidGVuYW50IjoiZGVmYXVsdCIsInJvbGVzIjpbInJlYWRlciJ"
                + "dLCJleHAiOjQxMDI0NDQ4MDB9"
                + ".c0dt1-90hTHvVCPifqO8XSuBE9FOaiEzGvusq4SvSAE"
            let query = try await CairnBinary.run(
                "query",
                "--server",
                server.url,
                "--api-key",
                token
            )
            #expect(query.status == 0, "\(query.error)")
            #expect(await server.stop() == 0)
            for told in [
                "the variable LOG_LEVEL is in use", "the variable JWT_SECRET is in use",
                "set and not used: OPENSEARCH_PASS, REDIS_URL",
            ] {
                #expect(server.log.contains(told), "\(server.log)")
            }
            #expect(!server.log.contains("hidden"))
            #expect(!server.log.contains(Self.secret))
            let shown = try await CairnBinary.run(
                "config",
                environment: ["JWT_SECRET": Self.secret]
            )
            #expect(shown.output.contains("JWT_SECRET"))
            #expect(!shown.output.contains(Self.secret))
        }
    }
}

@Suite("Production")
struct ProductionTests {
    @Test(
        "In production the server does not start, and names the setting",
        arguments: [
            (["--no-auth"], [:], "no-auth"),
            (["--host", "0.0.0.0"], [:], "host"),
            (["--host", "0.0.0.0", "--tls-terminated-by-proxy"], [:], "tls.terminated-by-proxy"),
            (
                [
                    "--host", "0.0.0.0", "--tls-terminated-by-proxy", "--proxies-trusted",
                    "10.0.0.0/8,0.0.0.0/0",
                ], [:], "tls.terminated-by-proxy"
            ),
            (["--access-recorded", ","], [:], "access.recorded"),
            ([], ["JWT_SECRET": "your-secret-key-change-in-production"], "JWT_SECRET"),
            ([], ["JWT_SECRET": "a-string-secret-at-least-256-bits-long"], "JWT_SECRET"),
            ([], ["JWT_SECRET": "secretsecretsecretsecretsecretsecret"], "JWT_SECRET"),
        ] as [([String], [String: String], String)]
    )
    func refused(
        _ arguments: [String],
        _ environment: [String: String],
        _ name: String
    ) async throws {
        let refusal = await #expect(throws: InvalidSetting.self) {
            _ = try await settings(["--environment", "production"] + arguments, environment)
        }
        #expect(refusal?.key == name)
    }

    @Test("TLS, or a proxy that is trusted, lets production listen for others")
    func admitted() {
        func rules(
            tls: Bool,
            proxy: Bool,
            proxies: Int,
            isLoopback: Bool = false,
            endpoint: String? = nil
        ) -> String? {
            ProductionRules(
                isOpen: false,
                isLoopback: isLoopback,
                hasTLS: tls,
                isTerminatedByProxy: proxy,
                trustedProxies: proxies,
                objectsEndpoint: endpoint,
                secret: nil
            ).broken?.key
        }
        #expect(rules(tls: true, proxy: false, proxies: 0) == nil)
        #expect(rules(tls: false, proxy: true, proxies: 1) == nil)
        #expect(rules(tls: false, proxy: false, proxies: 0, isLoopback: true) == nil)
        for good in ["https://s3.example.com", "http://127.0.0.1:8333", "http://localhost"] {
            #expect(rules(tls: true, proxy: false, proxies: 0, endpoint: good) == nil)
        }
        for bad in ["http://s3.example.com", "http://localhost.example.com", "HTTP://10.0.0.1"] {
            let broken = rules(tls: true, proxy: false, proxies: 0, endpoint: bad)
            #expect(broken == "objects.endpoint")
        }
        #expect(rules(tls: false, proxy: true, proxies: 0) == "tls.terminated-by-proxy")
        #expect(rules(tls: false, proxy: false, proxies: 1) == "host")
    }

    @Test(
        "A random secret is not taken for stock words",
        arguments: [
            "Zm9vYmFyIHF1dXggMTIzNDU2Nzg5MCBwbHVtYnVz", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
            "kV3u9!xQz7#pLm2@Rt5$Wn8^Yb1&Hc4*Jd6",
        ]
    )
    func strong(_ secret: String) {
        #expect(!ProductionRules.isWeak(Array(secret.utf8)))
    }
}
