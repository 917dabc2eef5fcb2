// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Where credentials come from.
package protocol CredentialSource: Sendable {
    /// The credentials there, or nil if this is not where they are.
    func credentials() async throws(CredentialFailure) -> AWSCredentials?
}

/// Why there are no credentials; it holds none.
package struct CredentialFailure: Error, Equatable, CustomStringConvertible {
    /// The reason, in a sentence.
    package let description: String

    /// Names a reason.
    package init(_ description: String) {
        self.description = description
    }
}

/// The first of some sources that has credentials.
package struct CredentialChain: CredentialSource {
    private let sources: [any CredentialSource]

    /// Asks sources in this order.
    package init(_ sources: [any CredentialSource]) {
        self.sources = sources
    }

    package func credentials() async throws(CredentialFailure) -> AWSCredentials? {
        for source in sources {
            // A source that is there and does not work is an error: another's rights are others.
            if let found = try await source.credentials() { return found }
        }
        return nil
    }
}

/// The variables `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
package struct EnvironmentCredentials: CredentialSource {
    private let environment: [String: String]

    /// Reads variables.
    package init(_ environment: [String: String]) {
        self.environment = environment
    }

    package func credentials() throws(CredentialFailure) -> AWSCredentials? {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        switch (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY")) {
        case (nil, nil): return nil
        case (let id?, let secret?):
            return AWSCredentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: value("AWS_SESSION_TOKEN")
            )
        default:
            throw CredentialFailure(
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set, or neither"
            )
        }
    }
}

/// A profile in the file of credentials that tools share.
package struct SharedFileCredentials: CredentialSource {
    private let profile: String
    private let isNamed: Bool
    private let read: @Sendable () throws -> String?

    /// Reads a profile by name, or the one called `default`, which need not be there.
    ///
    /// The file's text is nil if there is no file.
    package init(profile: String?, read: @escaping @Sendable () throws -> String?) {
        self.profile = profile ?? "default"
        isNamed = profile != nil
        self.read = read
    }

    package func credentials() throws(CredentialFailure) -> AWSCredentials? {
        let text: String?
        do {
            text = try read()
        } catch {
            throw CredentialFailure("the file of AWS credentials cannot be read")
        }
        let members = text.flatMap { SharedFileCredentials.members(of: profile, in: $0) }
        guard let members else {
            guard !isNamed else {
                throw CredentialFailure("the file of AWS credentials has no profile \(profile)")
            }
            return nil
        }
        guard let id = members["aws_access_key_id"], let secret = members["aws_secret_access_key"]
        else {
            throw CredentialFailure(
                "the profile \(profile) has no AWS access key; others are not read"
            )
        }
        return AWSCredentials(
            accessKeyID: id,
            secretAccessKey: secret,
            sessionToken: members["aws_session_token"]
        )
    }

    /// What a section has, or nil if there is none.
    private static func members(of section: String, in text: String) -> [String: String]? {
        var members: [String: String]?
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[", line.last == "]" {
                isInside = trimmed(line.dropFirst().dropLast()) == section
                if isInside, members == nil { members = [:] }
            } else if isInside, let sign = line.firstIndex(of: "=") {
                let value = trimmed(line[line.index(after: sign)...])
                members?[trimmed(line[..<sign]).lowercased()] = String(value)
            }
        }
        return members
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
