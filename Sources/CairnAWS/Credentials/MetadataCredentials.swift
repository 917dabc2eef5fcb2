// SPDX-License-Identifier: Apache-2.0

package import AsyncHTTPClient
internal import Cairn
internal import NIOCore
internal import NIOHTTP1

/// Asks the addresses beside a machine that hand out credentials.
struct MetadataClient: Sendable {
    /// The longest answer, in bytes.
    private static let limitBytes = 65_536

    let client: HTTPClient
    let timeout: Duration

    /// An answer's status and bytes.
    func get(
        _ url: String,
        method: HTTPMethod = .GET,
        headers: [(String, String)] = []
    ) async throws(CredentialFailure) -> (status: Int, body: [UInt8]) {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers = HTTPHeaders(headers)
        do {
            let time = TimeAmount.milliseconds(Int64(timeout / .milliseconds(1)))
            let response = try await client.execute(request, timeout: time)
            let body = try await response.body.collect(upTo: MetadataClient.limitBytes)
            return (Int(response.status.code), Array(body.readableBytesView))
        } catch {
            throw CredentialFailure("what hands out AWS credentials does not answer")
        }
    }

    /// The credentials in an answer, as containers and machines give them alike.
    static func parsed(_ body: [UInt8]) throws(CredentialFailure) -> AWSCredentials {
        guard let answer = try? JSONValue(parsing: body), let id = answer["AccessKeyId"]?.string,
            let secret = answer["SecretAccessKey"]?.string
        else { throw CredentialFailure("what hands out AWS credentials gives none") }
        let expiry = answer["Expiration"]?.string.flatMap { try? Timestamp.parse($0).timestamp }
        return AWSCredentials(
            accessKeyID: id,
            secretAccessKey: secret,
            sessionToken: answer["Token"]?.string,
            expiresAt: expiry
        )
    }
}

/// The address that a container finds in its variables.
package struct ContainerCredentials: CredentialSource {
    private let environment: [String: String]
    private let metadata: MetadataClient
    private let read: @Sendable (String) throws -> String?

    /// Reads variables, and the file of a token if one of them names it.
    package init(
        _ environment: [String: String],
        client: HTTPClient,
        timeout: Duration = .seconds(5),
        read: @escaping @Sendable (String) throws -> String?
    ) {
        self.environment = environment
        metadata = MetadataClient(client: client, timeout: timeout)
        self.read = read
    }

    package func credentials() async throws(CredentialFailure) -> AWSCredentials? {
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            guard path.hasPrefix("/") else {
                throw CredentialFailure("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path")
            }
            url = "http:" + "//169.254.170.2" + path
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            guard ContainerCredentials.isNear(full) else {
                throw CredentialFailure(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or on this machine"
                )
            }
            url = full
        } else {
            return nil
        }
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            do {
                token = try read(file)
            } catch {
                token = nil
            }
            guard token != nil else {
                throw CredentialFailure(
                    "the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read"
                )
            }
        }
        let headers = token.map { [("Authorization", $0.filter { !$0.isNewline })] } ?? []
        let answer = try await metadata.get(url, headers: headers)
        guard answer.status == 200 else {
            throw CredentialFailure("the container's credentials are answered \(answer.status)")
        }
        return try MetadataClient.parsed(answer.body)
    }

    /// Whether a secret may be asked for there: over TLS, or from loopback and the addresses that
    /// containers have for it.
    private static func isNear(_ url: String) -> Bool {
        guard !url.hasPrefix("https://") else { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" }
        guard !authority.contains("@") else { return false }
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopback =
            parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isLoopback
            || ["localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
                .contains(host)
    }
}

/// The metadata service of a machine (version 2, with a session).
package struct InstanceCredentials: CredentialSource {
    private let endpoint: String
    private let isDisabled: Bool
    private let metadata: MetadataClient

    /// Reads variables that move the service or switch it off.
    package init(
        _ environment: [String: String],
        client: HTTPClient,
        timeout: Duration = .seconds(2)
    ) {
        endpoint =
            environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http:" + "//169.254.169.254"
        isDisabled = environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true"
        metadata = MetadataClient(client: client, timeout: timeout)
    }

    package func credentials() async throws(CredentialFailure) -> AWSCredentials? {
        guard !isDisabled else { return nil }
        var base = endpoint
        while base.hasSuffix("/") { base.removeLast() }
        let session: (status: Int, body: [UInt8])
        do throws(CredentialFailure) {
            session = try await metadata.get(
                base + "/latest/api/token",
                method: .PUT,
                headers: [("X-aws-ec2-metadata-token-ttl-seconds", "21600")]
            )
        } catch {
            // Nobody is there: this is no machine of AWS.
            return nil
        }
        guard session.status == 200, let token = String(validating: session.body, as: UTF8.self)
        else { throw CredentialFailure("the metadata service gives no session") }
        let headers = [("X-aws-ec2-metadata-token", token)]
        let roles = base + "/latest/meta-data/iam/security-credentials/"
        let names = try await metadata.get(roles, headers: headers)
        guard names.status != 404 else {
            throw CredentialFailure("the machine has no role of AWS")
        }
        let first = String(decoding: names.body, as: UTF8.self).split(whereSeparator: \.isNewline)
            .first
        guard names.status == 200, let role = first else {
            throw CredentialFailure("the metadata service names no role")
        }
        let answer = try await metadata.get(
            roles + PercentEncoding.encode(String(role)),
            headers: headers
        )
        guard answer.status == 200 else {
            throw CredentialFailure("the role's credentials are answered \(answer.status)")
        }
        return try MetadataClient.parsed(answer.body)
    }
}
