// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import NIOHTTP1

/// What is known of an object, in the words of S3's headers.
enum S3Headers {
    /// Under what the metadata says which put an object is of.
    static let putName = "cairn-put"
    private static let metadataPrefix = "x-amz-meta-"

    /// The headers of an object that is being put.
    static func of(
        _ options: ObjectOptions,
        put: String,
        at now: Timestamp
    ) -> [(name: String, value: String)] {
        var headers = [(name: "content-type", value: options.mediaType)]
        headers.append((name: metadataPrefix + putName, value: put))
        for (name, value) in options.metadata {
            headers.append((name: metadataPrefix + name, value: value))
        }
        if let storageClass = options.storageClass {
            headers.append((name: "x-amz-storage-class", value: storageClass))
        }
        // A time that is over retains nothing, and S3 takes none.
        if let until = options.retainUntil, until > now {
            headers.append((name: "x-amz-object-lock-mode", value: "COMPLIANCE"))
            headers.append(
                (name: "x-amz-object-lock-retain-until-date", value: text(until))
            )
        }
        if options.isHeld { headers.append((name: "x-amz-object-lock-legal-hold", value: "ON")) }
        return headers
    }

    /// What is known of an object by an answer's headers.
    static func facts(_ key: ObjectKey, _ headers: HTTPHeaders) -> ObjectFacts? {
        let length = headers.first(name: "content-range")?.split(separator: "/").last
        let size = length.map(String.init) ?? headers.first(name: "content-length")
        guard let size = size.flatMap({ UInt64($0) }) else { return nil }
        let modified = headers.first(name: "last-modified").flatMap { HTTPDate.parse($0) }
        var facts = ObjectFacts(key: key, size: size, modifiedAt: modified ?? .epoch)
        facts.mediaType = headers.first(name: "content-type")
        facts.storageClass = headers.first(name: "x-amz-storage-class")
        for (name, value) in headers {
            let name = name.lowercased()
            guard name.hasPrefix(metadataPrefix), name != metadataPrefix + putName else { continue }
            facts.metadata[String(name.dropFirst(metadataPrefix.count))] = value
        }
        facts.retainUntil = headers.first(name: "x-amz-object-lock-retain-until-date")
            .flatMap { try? Timestamp.parse($0).timestamp }
        facts.isHeld = headers.first(name: "x-amz-object-lock-legal-hold") == "ON"
        return facts
    }

    /// Which put an object is of.
    static func put(_ headers: HTTPHeaders) -> String? {
        headers.first(name: metadataPrefix + putName)
    }

    /// A time in whole seconds, not before it.
    static func text(_ time: Timestamp) -> String {
        let seconds = (time.milliseconds + 999) / 1000
        return Timestamp(milliseconds: seconds * 1000).millisecondsText.prefix(19) + "Z"
    }
}

/// Times as HTTP's headers have them: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func parse(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT",
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        let time = "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z"
        return try? Timestamp.parse(time).timestamp
    }
}
