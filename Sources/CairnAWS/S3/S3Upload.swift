// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnLedger
internal import NIOHTTP1

/// One object on its way into a bucket.
struct S3Upload: Sendable {
    /// A part that S3 has.
    struct Part: Sendable {
        let number: Int
        let tag: String
        let checksum: String
    }

    /// How many parts S3 takes of an object.
    private static let partLimit = 10_000

    let store: S3ObjectStore
    let key: ObjectKey
    let options: ObjectOptions
    /// What sets this put apart from all others.
    let put: String

    private var client: S3Client { store.client }

    private var condition: [(name: String, value: String)] {
        options.onlyIfAbsent ? [("if-none-match", "*")] : []
    }

    // MARK: At once

    /// Puts an object in one request.
    func whole(_ bytes: [UInt8]) async throws(ObjectError) {
        var request = S3Request(method: .PUT, key: key, body: bytes, hash: .sha256(bytes))
        request.headers = S3Headers.of(options, put: put, at: client.now()) + condition
        request.headers.append(("x-amz-checksum-sha256", request.hash.base64))
        do {
            _ = try await client.ask(request)
        } catch {
            try await settle(error)
        }
    }

    /// Takes a failure for none if an attempt whose answer was lost has put the object after all.
    private func settle(_ refusal: S3Client.Refusal) async throws(ObjectError) {
        let told = refusal.failure.told
        let mayBeOurs = told == .exists || told == .missing && refusal.attempts > 1
        guard mayBeOurs || told.isSilence, let there = try? await store.head(key) else {
            throw told
        }
        guard S3Headers.put(there) != put else { return }
        // Somebody else's is there, and so ours is not.
        throw options.onlyIfAbsent ? .exists : told
    }

    // MARK: In parts

    /// Begins an upload in parts, and returns its name.
    func begin() async throws(ObjectError) -> String {
        var request = S3Request(method: .POST, key: key)
        request.query = [("uploads", "")]
        request.headers = S3Headers.of(options, put: put, at: client.now())
        request.headers.append(("x-amz-checksum-algorithm", "SHA256"))
        do {
            let body = try await client.ask(request).body
            let root = try? XMLNode(parsing: body)
            guard root?.name == "InitiateMultipartUploadResult", let id = root?["UploadId"]?.text
            else { throw ObjectError.unavailable("S3 names no upload") }
            return id
        } catch let error as ObjectError {
            throw error
        } catch {
            throw (error as? S3Client.Refusal)?.failure.told ?? .unavailable("S3 does not answer")
        }
    }

    /// Sends parts while the next one is made, so that two are held at most.
    func send(
        _ first: [UInt8],
        then parts: inout S3ObjectStore.Parts,
        to id: String
    ) async throws -> [Part] {
        var (sent, next): ([Part], [UInt8]?) = ([], first)
        while let part = next {
            let number = sent.count + 1
            guard number <= S3Upload.partLimit else {
                throw ObjectError.unsupported("an object has more than 80,000 MiB")
            }
            async let sending = send(part, number: number, to: id)
            next = try await parts.next()
            sent.append(try await sending)
        }
        return sent
    }

    private func send(
        _ bytes: [UInt8],
        number: Int,
        to id: String
    ) async throws(ObjectError) -> Part {
        var request = S3Request(method: .PUT, key: key, body: bytes, hash: .sha256(bytes))
        request.query = [("partNumber", "\(number)"), ("uploadId", id)]
        request.headers = [("x-amz-checksum-sha256", request.hash.base64)]
        do throws(S3Client.Refusal) {
            let answer = try await client.ask(request).1
            guard let tag = answer.headers.first(name: "etag") else {
                throw S3Client.Refusal(failure: .silent("S3 has no tag for a part"), attempts: 1)
            }
            return Part(number: number, tag: tag, checksum: request.hash.base64)
        } catch {
            // An upload that is gone is no missing object.
            let told = error.failure.told
            throw told == .missing ? .unavailable("S3 has forgotten an upload") : told
        }
    }

    /// Makes an object of its parts.
    ///
    /// S3 may say 200, and in the answer that it failed: then it is asked again.
    func complete(_ id: String, _ parts: [Part]) async throws(ObjectError) {
        var document = "<CompleteMultipartUpload>"
        for part in parts {
            document += "<Part><PartNumber>\(part.number)</PartNumber>"
            document += "<ETag>\(part.tag.replacing("\"", with: "&quot;"))</ETag>"
            document += "<ChecksumSHA256>\(part.checksum)</ChecksumSHA256></Part>"
        }
        document += "</CompleteMultipartUpload>"
        var request = S3Request(method: .POST, key: key, body: Array(document.utf8))
        request.hash = .sha256(request.body)
        request.query = [("uploadId", id)]
        request.headers = [("content-type", "application/xml")] + condition
        for attempt in 1... {
            do throws(S3Client.Refusal) {
                let body = try await client.ask(request).body
                let root = try? XMLNode(parsing: body)
                if root?.name == "CompleteMultipartUploadResult" { return }
                let failure =
                    root?.name == "Error"
                    ? S3Failure(status: 500, body: body) : .silent("S3 does not say what it did")
                throw S3Client.Refusal(failure: failure, attempts: 2)
            } catch {
                let isInside = error.failure.mayPass && error.attempts < client.patience.attempts
                if isInside, attempt < client.patience.attempts, !Task.isCancelled {
                    try? await Task.sleep(for: client.patience.pause(before: attempt))
                    continue
                }
                // An upload that is gone may have become the object.
                let attempts = max(error.attempts, attempt)
                do throws(ObjectError) {
                    return try await settle(.init(failure: error.failure, attempts: attempts))
                } catch .missing {
                    throw .unavailable("S3 has forgotten an upload")
                }
            }
        }
    }

    /// Lets S3 forget the parts of an upload; those that it does not, the bucket's rules remove.
    func abort(_ id: String) async {
        // What was cancelled must still be tidied up, which a cancelled task cannot.
        await Task { [client, key] in
            var request = S3Request(method: .DELETE, key: key)
            request.query = [("uploadId", id)]
            _ = try? await client.ask(request)
        }.value
    }
}

extension ObjectError {
    /// Whether nobody said what became of a request.
    fileprivate var isSilence: Bool {
        if case .unavailable = self { true } else { false }
    }
}
