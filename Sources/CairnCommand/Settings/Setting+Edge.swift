// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnServer

extension Setting {
    static let tlsCertificate = Setting(
        key: "tls.certificate",
        kind: .path,
        defaultText: nil,
        meaning: "The server's certificate and those between it and the root, PEM; read anew "
            + "on SIGHUP. Makes the main port HTTPS."
    )
    static let tlsPrivateKey = Setting(
        key: "tls.private-key",
        kind: .path,
        defaultText: nil,
        meaning: "The private key of the certificate, PEM, mode 0600; read anew on SIGHUP."
    )
    static let trustedProxies = Setting(
        key: "proxies.trusted",
        kind: .text,
        defaultText: nil,
        meaning:
            "The networks of proxies whose `X-Forwarded-For` is believed, as CIDR between commas."
    )
    static let accessLog = Setting(
        key: "log.access",
        kind: .flag,
        defaultText: "false",
        meaning: "Write a line of the log for each request, at level info."
    )
    static let headSeconds = Setting(
        key: "limits.head-seconds",
        kind: .integer(1...3600),
        defaultText: "10",
        meaning: "How long the head of a request may take to come, in seconds."
    )
    static let bodySeconds = Setting(
        key: "limits.body-seconds",
        kind: .integer(1...86_400),
        defaultText: "60",
        meaning: "How long a body may take to come that is no stream of events, in seconds."
    )
    static let idleSeconds = Setting(
        key: "limits.idle-seconds",
        kind: .integer(1...3600),
        defaultText: "120",
        meaning: "How long a client may send nothing, or take nothing of its answer, in seconds."
    )

    /// The settings of connections, in the order of the documentation.
    static let edge = [
        tlsCertificate, tlsPrivateKey, trustedProxies, accessLog, headSeconds, bodySeconds,
        idleSeconds,
    ]
}

/// The settings of connections as options of a command.
struct EdgeOptions: ParsableArguments {
    @Option(name: Setting.tlsCertificate.name, help: Setting.tlsCertificate.help)
    var tlsCertificate: String?
    @Option(name: Setting.tlsPrivateKey.name, help: Setting.tlsPrivateKey.help)
    var tlsPrivateKey: String?
    @Option(name: Setting.trustedProxies.name, help: Setting.trustedProxies.help)
    var trustedProxies: String?
    @Flag(name: Setting.accessLog.name, help: Setting.accessLog.help) var accessLog = false
    @Option(name: Setting.headSeconds.name, help: Setting.headSeconds.help)
    var headSeconds: String?
    @Option(name: Setting.bodySeconds.name, help: Setting.bodySeconds.help)
    var bodySeconds: String?
    @Option(name: Setting.idleSeconds.name, help: Setting.idleSeconds.help)
    var idleSeconds: String?

    /// What was given, in the order of ``Setting/edge``.
    var given: [String?] {
        [
            tlsCertificate, tlsPrivateKey, trustedProxies, accessLog ? "true" : nil, headSeconds,
            bodySeconds, idleSeconds,
        ]
    }
}

/// How the server takes connections, read and checked.
struct EdgeSettings: Sendable {
    /// The files of the certificate; nil for HTTP in the clear.
    let certificateFiles: CertificateFiles?
    let proxies: TrustedProxies
    let hasAccessLog: Bool
    let pace: ConnectionLimits

    init(_ reader: SettingReader) async throws(InvalidSetting) {
        let certificate = try await reader.optionalText(.tlsCertificate)
        let privateKey = try await reader.optionalText(.tlsPrivateKey)
        switch (certificate, privateKey) {
        case (let certificate?, let privateKey?):
            certificateFiles = CertificateFiles(certificate: certificate, privateKey: privateKey)
        case (nil, nil): certificateFiles = nil
        case (nil, _):
            throw InvalidSetting(key: Setting.tlsCertificate.key, allowed: "a path, with a key")
        case (_, nil):
            throw InvalidSetting(key: Setting.tlsPrivateKey.key, allowed: "a path, with a chain")
        }
        let networks = try await reader.optionalText(.trustedProxies)?.split(separator: ",") ?? []
        guard let proxies = TrustedProxies(networks.map { $0.filter { $0 != " " } }) else {
            throw InvalidSetting(
                key: Setting.trustedProxies.key,
                allowed: "networks between commas, as 10.0.0.0/8,2001:db8::/32"
            )
        }
        self.proxies = proxies
        hasAccessLog = try await reader.flag(.accessLog)
        var pace = ConnectionLimits()
        pace.headSeconds = try await reader.integer(.headSeconds)
        pace.bodySeconds = try await reader.integer(.bodySeconds)
        pace.idleSeconds = try await reader.integer(.idleSeconds)
        self.pace = pace
    }

    /// Puts what was read in place.
    func apply(to configuration: inout ServerConfiguration) {
        configuration.proxies = proxies
        configuration.pace = pace
    }
}
