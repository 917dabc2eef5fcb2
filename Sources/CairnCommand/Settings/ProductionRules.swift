// SPDX-License-Identifier: Apache-2.0

/// What is known of a server before it starts, and whether others may depend on it.
struct ProductionRules {
    /// Whether it asks for no credentials.
    let isOpen: Bool
    /// Whether nobody but this machine can connect.
    let isLoopback: Bool
    /// Whether it speaks TLS itself.
    let hasTLS: Bool
    /// Whether the operator says that a proxy in front of it speaks TLS.
    let isTerminatedByProxy: Bool
    /// How many proxies are trusted.
    let trustedProxies: Int
    /// Where objects are kept, if it is a service whose address was set.
    let objectsEndpoint: String?
    /// A secret that came by the environment.
    let secret: [UInt8]?

    /// The first rule that is broken, by the setting to change; nil if none is.
    var broken: InvalidSetting? {
        if isOpen {
            return InvalidSetting(
                key: Setting.noAuth.key,
                allowed: "false in production: callers need credentials"
            )
        }
        if let secret, ProductionRules.isWeak(secret) {
            return InvalidSetting(
                key: "JWT_SECRET",
                allowed: "in production a random secret, such as `openssl rand -base64 48` makes"
            )
        }
        if let objectsEndpoint, !ProductionRules.isPrivate(objectsEndpoint) {
            return InvalidSetting(
                key: Setting.objectsEndpoint.key,
                allowed: "in production an address of https, or of this machine"
            )
        }
        guard !isLoopback, !hasTLS else { return nil }
        guard isTerminatedByProxy else {
            return InvalidSetting(
                key: Setting.host.key,
                allowed: "in production a loopback address, unless there is TLS, or "
                    + "\(Setting.terminatedByProxy.key) says that a proxy has it"
            )
        }
        guard trustedProxies > 0 else {
            return InvalidSetting(
                key: Setting.terminatedByProxy.key,
                allowed: "true only together with the addresses of that proxy, proxies.trusted"
            )
        }
        return nil
    }

    /// Whether what is sent to an address is read by nobody in between.
    private static func isPrivate(_ address: String) -> Bool {
        let host = address.lowercased().split(separator: "/").dropFirst().first ?? ""
        return address.lowercased().hasPrefix("https://")
            || ["localhost", "127.0.0.1", "[::1]"].contains {
                host == $0 || host.hasPrefix($0 + ":")
            }
    }

    /// What people leave in place of a secret, without all but letters and digits.
    private static let stockWords = [
        "secret", "secretkey", "changeme", "changeit", "changethis", "change", "default", "example",
        "insecure", "password", "jwtsecret", "test", "dev", "development", "notsosecret",
        "supersecret", "topsecret", "todo", "fake", "xxx",
    ]
    private static let phrases = [
        "changeme", "changethis", "changeinproduction", "replaceme", "replacethis", "yoursecret",
        "yourjwt", "your256bit", "mysecret", "astringsecretatleast", "donotuse", "insecure",
        "placeholder",
    ]
    /// How many different bytes a secret of 32 random characters hardly ever lacks.
    private static let leastDifferentBytes = 10

    /// Whether a secret is short, made of stock words, or more pattern than secret.
    static func isWeak(_ secret: [UInt8]) -> Bool {
        guard secret.count >= 32, Set(secret).count >= leastDifferentBytes else { return true }
        let text = String(decoding: secret, as: UTF8.self).lowercased()
            .filter { $0.isLetter || $0.isNumber }
        if phrases.contains(where: text.contains) { return true }
        // Stock words again and again, with numbers perhaps.
        var rest = text.filter(\.isLetter)
        for word in stockWords { rest = rest.replacing(word, with: "") }
        return rest.count < 8 && text.filter(\.isNumber).count < 16
    }
}
