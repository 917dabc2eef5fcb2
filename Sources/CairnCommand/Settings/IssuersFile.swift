// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import CairnServer
import Foundation

/// The file that says whose tokens are believed: `{"issuers": [...]}`, each an object.
///
/// Members that are not known are refused, so that a mistake does not let anybody in.
enum IssuersFile {
    /// Reads the file at `path`; paths in it are relative to its folder.
    static func read(_ path: String) throws(CommandFailure) -> [TokenIssuer] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .badInput("\(path) cannot be read")
        }
        guard let value = try? JSONValue(parsing: Array(data)), let members = value.object,
            members.count == 1, let items = value["issuers"]?.array
        else { throw .badInput("\(path) is not a JSON object with the member `issuers`") }
        let folder = (path as NSString).deletingLastPathComponent
        var issuers: [TokenIssuer] = []
        for (position, item) in items.enumerated() {
            do throws(Mistake) {
                issuers.append(try issuer(item, in: folder))
            } catch {
                throw .badInput("\(path): issuers[\(position)].\(error.member) \(error.rule)")
            }
        }
        return issuers
    }

    /// A member of an issuer that breaks a rule.
    struct Mistake: Error {
        let member: String
        let rule: String
    }

    private static func issuer(
        _ value: JSONValue,
        in folder: String
    ) throws(Mistake) -> TokenIssuer {
        guard let members = value.object else {
            throw Mistake(member: "", rule: "must be an object")
        }
        let known: Set = [
            "issuer", "audience", "algorithm", "jwks_url", "jwks_file", "secret_file", "claims",
            "roles", "leeway_seconds", "type", "creates_tenants",
        ]
        for (name, _) in members where !known.contains(name) {
            throw Mistake(member: name, rule: "is not known")
        }
        let name = try text(value, "algorithm")
        guard let algorithm = TokenIssuer.Algorithm(rawValue: name) else {
            let all = TokenIssuer.Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw Mistake(member: "algorithm", rule: "must be one of \(all)")
        }
        var issuer = TokenIssuer(
            issuer: try text(value, "issuer"),
            audience: try text(value, "audience"),
            algorithm: algorithm,
            keys: try keys(value, algorithm, folder)
        )
        if value["type"] != nil { issuer.type = try text(value, "type") }
        if let leeway = value["leeway_seconds"] {
            guard let seconds = leeway.integer, (0...300).contains(seconds) else {
                throw Mistake(member: "leeway_seconds", rule: "must be 0 to 300")
            }
            issuer.leewaySeconds = seconds
        }
        if let creates = value["creates_tenants"] {
            guard let flag = creates.bool else {
                throw Mistake(member: "creates_tenants", rule: "must be true or false")
            }
            issuer.createsTenants = flag
        }
        issuer.claims = try claims(value["claims"])
        issuer.roles = try roles(value["roles"])
        return issuer
    }

    private static func keys(
        _ value: JSONValue,
        _ algorithm: TokenIssuer.Algorithm,
        _ folder: String
    ) throws(Mistake) -> TokenIssuer.KeySource {
        let sources = ["jwks_url", "jwks_file", "secret_file"].filter { value[$0] != nil }
        guard sources.count == 1, let source = sources.first else {
            throw Mistake(
                member: "jwks_url",
                rule: "or jwks_file or secret_file is required, and one of them alone"
            )
        }
        guard (source == "secret_file") == (algorithm == .hs256) else {
            throw Mistake(member: source, rule: "does not go with \(algorithm.rawValue)")
        }
        let text = try text(value, source)
        if source == "jwks_url" {
            guard isSafe(text) else {
                throw Mistake(member: source, rule: "must be https, or http on loopback")
            }
            return .address(text)
        }
        let path = text.hasPrefix("/") || folder.isEmpty ? text : folder + "/" + text
        guard var bytes = FileManager.default.contents(atPath: path).map(Array.init) else {
            throw Mistake(member: source, rule: "names a file that cannot be read")
        }
        guard source == "secret_file" else { return .document(bytes) }
        if bytes.last == 0x0A { bytes.removeLast() }
        guard bytes.count >= 32 else {
            throw Mistake(member: source, rule: "names a secret of fewer than 32 bytes")
        }
        return .secret(bytes)
    }

    /// Whether nobody on the way can put other keys in.
    private static func isSafe(_ address: String) -> Bool {
        guard let url = URLComponents(string: address), let host = url.host, !host.isEmpty,
            url.user == nil, url.password == nil
        else { return false }
        return url.scheme == "https" || url.scheme == "http" && Settings.isLoopback(host)
    }

    private static func claims(_ value: JSONValue?) throws(Mistake) -> TokenIssuer.Claims {
        var claims = TokenIssuer.Claims()
        guard let value else { return claims }
        guard let members = value.object else {
            throw Mistake(member: "claims", rule: "must be an object")
        }
        for (name, _) in members {
            let text = try text(value, name, as: "claims.\(name)")
            switch name {
            case "tenant": claims.tenant = text
            case "subject": claims.subject = text
            case "roles": claims.roles = text
            case "scopes": claims.scopes = text
            default: throw Mistake(member: "claims.\(name)", rule: "is not known")
            }
        }
        return claims
    }

    private static func roles(_ value: JSONValue?) throws(Mistake) -> [String: Role] {
        guard let value else { return [:] }
        guard let members = value.object else {
            throw Mistake(member: "roles", rule: "must be an object")
        }
        var roles: [String: Role] = [:]
        for (name, value) in members {
            guard let role = value.string.flatMap(Role.init(rawValue:)) else {
                let all = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw Mistake(member: "roles.\(name)", rule: "must be one of \(all)")
            }
            roles[name] = role
        }
        return roles
    }

    private static func text(
        _ value: JSONValue,
        _ name: String,
        as shown: String? = nil
    ) throws(Mistake) -> String {
        guard let text = value[name]?.string, !text.isEmpty else {
            throw Mistake(member: shown ?? name, rule: "is required, as a text that is not empty")
        }
        return text
    }
}
