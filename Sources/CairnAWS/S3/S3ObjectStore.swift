// SPDX-License-Identifier: Apache-2.0

package import AsyncHTTPClient
package import Cairn
package import CairnLedger
internal import NIOCore
internal import NIOHTTP1

/// Objects in a bucket of S3, or of a service that speaks like it.
package struct S3ObjectStore: ObjectStore {
    /// How much of an object is sent at once; what is longer goes up in parts of this length.
    package static let partBytes = 8 << 20

    let client: S3Client
    /// Draws what sets a put apart from all others.
    let newID: @Sendable () -> String

    /// A bucket, spoken to by a client that the caller shuts down.
    package init(
        _ bucket: S3Bucket,
        credentials: CredentialCache,
        client: HTTPClient,
        patience: S3Patience,
        now: @escaping @Sendable () -> Timestamp,
        newID: @escaping @Sendable () -> String
    ) {
        self.client = S3Client(
            bucket: bucket,
            credentials: credentials,
            client: client,
            patience: patience,
            now: now
        )
        self.newID = newID
    }

    /// How the client of a store is set up.
    package static func configuration(_ patience: S3Patience) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        let idle = TimeAmount.milliseconds(Int64(patience.idle / .milliseconds(1)))
        configuration.timeout.read = idle
        configuration.timeout.write = idle
        // A signature is good for one address alone.
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // A connection that cannot be had is tried again here, in time and so often.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    // MARK: Reading

    package func facts(of key: ObjectKey) async throws(ObjectError) -> ObjectFacts? {
        try await head(key).flatMap { S3Headers.facts(key, $0) }
    }

    /// The headers of an object, or nil if there is none.
    func head(_ key: ObjectKey) async throws(ObjectError) -> HTTPHeaders? {
        do {
            return try await client.send(S3Request(method: .HEAD, key: key)).headers
        } catch {
            guard error.failure.told != .missing else { return nil }
            throw error.failure.told
        }
    }

    package func get(
        _ key: ObjectKey,
        range: Range<UInt64>?
    ) async throws(ObjectError) -> (facts: ObjectFacts, bytes: ObjectBytes) {
        if let range, range.isEmpty { return try await nothing(of: key) }
        let answer: S3Client.Answer
        do {
            answer = try await client.send(S3Bytes.request(key, range, unless: nil))
        } catch {
            // The part begins beyond the end.
            if error.failure.status == 416 { return try await nothing(of: key) }
            throw error.failure.told
        }
        guard let facts = S3Headers.facts(key, answer.headers) else {
            throw .unavailable("S3 does not tell an object's length")
        }
        guard S3Bytes.begins(answer.headers, at: range?.lowerBound ?? 0) else {
            throw .unsupported("S3 gives no parts of objects")
        }
        let part = (range ?? 0..<facts.size).clamped(to: 0..<facts.size)
        let bytes = S3Bytes(
            client: client,
            key: key,
            range: part,
            version: answer.headers.first(name: "etag"),
            first: answer.body
        )
        return (facts, bytes)
    }

    private func nothing(
        of key: ObjectKey
    ) async throws(ObjectError) -> (facts: ObjectFacts, bytes: ObjectBytes) {
        guard let facts = try await facts(of: key) else { throw .missing }
        let none = AsyncThrowingStream<[UInt8], any Error> { $0.finish() }
        return (facts, none)
    }

    package func list(
        prefix: String,
        after key: ObjectKey?,
        limit: Int
    ) async throws(ObjectError) -> [ObjectFacts] {
        var (found, next): ([ObjectFacts], String?) = ([], nil)
        while found.count < limit {
            var request = S3Request(method: .GET)
            request.query = [
                ("list-type", "2"), ("encoding-type", "url"),
                ("prefix", client.bucket.prefix + prefix),
                ("max-keys", "\(min(limit - found.count, 1000))"),
            ]
            if let next {
                request.query.append(("continuation-token", next))
            } else if let key {
                request.query.append(("start-after", client.bucket.prefix + key.text))
            }
            let page: S3Page
            do {
                page = try S3Page(await client.ask(request).body, prefix: client.bucket.prefix)
            } catch {
                throw (error as? S3Client.Refusal)?.failure.told
                    ?? .unavailable("S3 gives no list that can be read")
            }
            found += page.objects
            guard let token = page.next else { break }
            next = token
        }
        return Array(found.prefix(limit))
    }

    // MARK: Changing

    package func delete(_ key: ObjectKey) async throws(ObjectError) {
        guard let facts = try await facts(of: key) else { return }
        guard !facts.isLocked(at: client.now()) else { throw .locked }
        do {
            _ = try await client.ask(S3Request(method: .DELETE, key: key))
        } catch {
            throw error.failure.told
        }
    }

    package func retain(_ key: ObjectKey, until: Timestamp) async throws(ObjectError) {
        guard let facts = try await facts(of: key) else { throw .missing }
        guard until > max(facts.retainUntil ?? .epoch, client.now()) else { return }
        let date = S3Headers.text(until)
        try await set(
            "retention",
            of: key,
            "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>\(date)</RetainUntilDate></Retention>"
        )
    }

    package func hold(_ key: ObjectKey, _ isHeld: Bool) async throws(ObjectError) {
        guard try await facts(of: key) != nil else { throw .missing }
        let status = isHeld ? "ON" : "OFF"
        try await set("legal-hold", of: key, "<LegalHold><Status>\(status)</Status></LegalHold>")
    }

    func set(
        _ name: String,
        of key: ObjectKey,
        _ document: String
    ) async throws(ObjectError) {
        var request = S3Request(method: .PUT, key: key)
        request.query = [(name, "")]
        request.body = Array(document.utf8)
        request.hash = .sha256(request.body)
        request.headers = [
            ("content-type", "application/xml"), ("x-amz-checksum-sha256", request.hash.base64),
        ]
        do {
            _ = try await client.ask(request)
        } catch {
            throw error.failure.told
        }
    }

    // MARK: Links

    /// A link that S3 itself serves; it ends with the credentials that sign it at the latest.
    package func link(
        to key: ObjectKey,
        as download: ObjectDownload,
        for duration: Duration
    ) async throws(ObjectError) -> ObjectLink? {
        let signing: AWSCredentials
        do {
            signing = try await client.credentials.current()
        } catch {
            throw S3Failure(sending: error).told
        }
        let now = client.now()
        var seconds = min(max(Int64(duration / .seconds(1)), 1), 604_800)
        if let end = signing.expiresAt {
            seconds = min(seconds, (end.milliseconds - now.milliseconds) / 1000)
        }
        guard seconds >= 1 else { throw .refused("the AWS credentials end now") }
        let path = client.bucket.path(key)
        let request = SignableRequest(
            method: "GET",
            path: path,
            query: [
                ("response-content-disposition", S3ObjectStore.attachment(download.fileName)),
                ("response-content-type", download.mediaType),
            ],
            headers: [("host", client.bucket.host)]
        )
        let signer = RequestSigner(signing, region: client.bucket.region, service: "s3")
        let query = signer.query(presigning: request, for: Int(seconds), at: now)
        // The signature's time is in whole seconds, so the link's end is as well.
        let begin = now.milliseconds / 1000
        return ObjectLink(
            url: client.bucket.url(path, PercentEncoding.query(query)),
            expiresAt: Timestamp(milliseconds: (begin + seconds) * 1000)
        )
    }

    /// A name for a download, plain for those who know no other (RFC 6266), and as it is.
    private static func attachment(_ name: String) -> String {
        let plain = String(
            name.unicodeScalars.map { scalar in
                (0x20..<0x7F).contains(scalar.value) && !"\"\\%/".unicodeScalars.contains(scalar)
                    ? Character(scalar) : "_"
            }
        )
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(PercentEncoding.encode(name))"
    }
}

/// A page of a list, as S3 writes it.
struct S3Page {
    let objects: [ObjectFacts]
    let next: String?

    init(_ body: [UInt8], prefix: String) throws {
        let root = try XMLNode(parsing: body)
        guard root.name == "ListBucketResult" else { throw XMLNode.Malformed() }
        let isEncoded = root["EncodingType"]?.text == "url"
        var objects: [ObjectFacts] = []
        for node in root.children where node.name == "Contents" {
            guard let raw = node["Key"]?.text, let size = UInt64(node["Size"]?.text ?? ""),
                let name = isEncoded ? PercentEncoding.decode(raw) : raw
            else { throw XMLNode.Malformed() }
            // What others keep in the bucket under names that are none of ours is not ours.
            guard name.hasPrefix(prefix), let key = ObjectKey(String(name.dropFirst(prefix.count)))
            else { continue }
            let time = try? Timestamp.parse(node["LastModified"]?.text ?? "").timestamp
            var facts = ObjectFacts(key: key, size: size, modifiedAt: time ?? .epoch)
            facts.storageClass = node["StorageClass"]?.text
            objects.append(facts)
        }
        self.objects = objects
        let token = root["NextContinuationToken"]?.text
        next = root["IsTruncated"]?.text == "true" ? token : nil
    }
}
