// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

extension Setting {
    static let objectsURL = Setting(
        key: "objects.url",
        kind: .text,
        defaultText: "<data>/objects",
        meaning: "Where exports and other whole objects are kept: `file:///folder`, or "
            + "`s3://bucket/prefix`."
    )
    static let objectsEndpoint = Setting(
        key: "objects.endpoint",
        kind: .text,
        defaultText: nil,
        meaning: "The address of a service that speaks like S3, as `https://s3.example.com`; that "
            + "of AWS otherwise."
    )
    static let objectsRegion = Setting(
        key: "objects.region",
        kind: .text,
        defaultText: nil,
        meaning: "The region of the bucket; without it, `AWS_REGION` or `AWS_DEFAULT_REGION`."
    )
    static let objectsPathStyle = Setting(
        key: "objects.path-style",
        kind: .flag,
        defaultText: nil,
        meaning:
            "Whether the bucket's name is in the path; without it, where an endpoint is set or "
            + "the name has points."
    )

    /// The settings of objects.
    static let objects = [objectsURL, objectsEndpoint, objectsRegion, objectsPathStyle]
}

/// The settings of objects as options of a command.
struct ObjectOptionGroup: ParsableArguments {
    @Option(name: Setting.objectsURL.name, help: Setting.objectsURL.help) var objectsURL: String?
    @Option(name: Setting.objectsEndpoint.name, help: Setting.objectsEndpoint.help)
    var objectsEndpoint: String?
    @Option(name: Setting.objectsRegion.name, help: Setting.objectsRegion.help)
    var objectsRegion: String?
    @Flag(name: Setting.objectsPathStyle.name, help: Setting.objectsPathStyle.help)
    var objectsPathStyle = false

    /// What was given, in the order of the settings.
    var given: [String?] {
        [objectsURL, objectsEndpoint, objectsRegion, objectsPathStyle ? "true" : nil]
    }
}

/// Where objects are kept, read and checked.
struct ObjectSettings: Sendable {
    /// A bucket, by its address.
    struct Bucket: Sendable, Equatable {
        var name: String
        var prefix: String
        var region: String
        var endpoint: String?
        var isPathStyle: Bool?
    }

    /// A folder or a bucket.
    enum Place: Sendable, Equatable {
        case folder(String)
        case bucket(Bucket)
    }

    let place: Place
    /// What tells who asks: the variables of AWS, and where its files are.
    let variables: [String: String]

    /// The bucket, if it is one.
    var bucket: Bucket? {
        if case .bucket(let bucket) = place { bucket } else { nil }
    }
    /// Whether the variables of AWS mean something.
    var usesAWS: Bool { bucket != nil }

    init(
        _ reader: SettingReader,
        dataDirectory: String,
        environment: [String: String]
    ) async throws(InvalidSetting) {
        variables = environment.filter { $0.key.hasPrefix("AWS_") || $0.key == "HOME" }
        let url = try await reader.optionalText(.objectsURL)
        guard let url else {
            place = .folder(dataDirectory + "/objects")
            return
        }
        if url.hasPrefix("file:///"), url.utf8.count > 8, !url.contains("%") {
            place = .folder(String(url.dropFirst(7)))
            return
        }
        guard url.hasPrefix("s3://") else {
            throw InvalidSetting(
                key: Setting.objectsURL.key,
                allowed: "file:///folder, or s3://bucket/prefix"
            )
        }
        let parts = url.dropFirst(5).split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let endpoint = try await reader.optionalText(.objectsEndpoint)
        let known = variables["AWS_REGION"] ?? variables["AWS_DEFAULT_REGION"]
        let region = try await reader.optionalText(.objectsRegion) ?? known
        guard let region = region ?? endpoint.map({ _ in "us-east-1" }) else {
            throw InvalidSetting(key: Setting.objectsRegion.key, allowed: "the bucket's region")
        }
        let bucket = Bucket(
            name: String(parts[0]),
            prefix: parts.count == 2 ? String(parts[1]) : "",
            region: region,
            endpoint: endpoint,
            isPathStyle: try await reader.optionalText(.objectsPathStyle).map { $0 == "true" }
        )
        guard Composition.isBucket(bucket) else {
            throw InvalidSetting(
                key: Setting.objectsURL.key,
                allowed: "s3://bucket/prefix, with a bucket's name, folders of letters, digits, "
                    + "`-`, `_` and `.`, a region, and an endpoint of scheme, host and port"
            )
        }
        place = .bucket(bucket)
    }
}
