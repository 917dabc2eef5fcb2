// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Cairn
import CairnLedger
import CairnTesting
import NIOCore
import NIOHTTP1
import Testing

@testable import CairnAWS

@Suite(
    "Links to objects in a bucket",
    .enabled(if: SeaweedServer.isInstalled, "skipped: SeaweedFS is not installed")
)
struct LinkTests {
    /// What a stranger with an address gets.
    private func get(_ url: String) async throws -> (status: UInt, headers: HTTPHeaders, [UInt8]) {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        do {
            let answer = try await client.execute(
                HTTPClientRequest(url: url),
                timeout: .seconds(10)
            )
            let body = try await answer.body.collect(upTo: 1 << 20)
            try await client.shutdown()
            return (answer.status.code, answer.headers, Array(body.readableBytesView))
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static let download = ObjectDownload(
        fileName: "räport \"1\".csv",
        mediaType: "text/csv; charset=utf-8"
    )

    @Test("Whoever has a link reads the object, under the name and the type it was made for")
    func reads() async throws {
        let key = try #require(ObjectKey("exports/1"))
        try await TestBucket.plain.withStore { store in
            _ = try await store.put(key, SampleBytes(500).stream, as: ObjectOptions())
            let made = try await store.link(to: key, as: Self.download, for: .seconds(60))
            let link = try #require(made)
            let (status, headers, body) = try await get(link.url)
            #expect(status == 200 && body == SampleBytes(500).array)
            #expect(headers.first(name: "content-type") == "text/csv; charset=utf-8")
            #expect(
                headers.first(name: "content-disposition")
                    == "attachment; filename=\"r_port _1_.csv\"; "
                    + "filename*=UTF-8''r%C3%A4port%20%221%22.csv"
            )
            let rest = link.expiresAt.milliseconds - TestBucket.now().milliseconds
            #expect((50_000...60_000).contains(rest))
        }
    }

    @Test("A link that was changed in anything is refused")
    func isBound() async throws {
        let (key, other) = (try #require(ObjectKey("a/1")), try #require(ObjectKey("a/2")))
        try await TestBucket.plain.withStore { store in
            for key in [key, other] {
                _ = try await store.put(key, SampleBytes(9).stream, as: ObjectOptions())
            }
            let made = try await store.link(to: key, as: Self.download, for: .seconds(60))
            let url = try #require(made).url
            let last = try #require(url.last)
            let changed = [
                url.replacing("/a/1?", with: "/a/2?"),
                url.replacing("X-Amz-Expires=60", with: "X-Amz-Expires=600"),
                url.replacing("text%2Fcsv", with: "text%2Fhtml"),
                url.replacing("attachment", with: "inline"),
                url.replacing("X-Amz-Date=20", with: "X-Amz-Date=21"),
                String(url.dropLast()) + (last == "0" ? "1" : "0"),
                String(url.prefix { $0 != "?" }),
            ]
            for changed in changed {
                #expect(changed != url)
                let status = try await get(changed).status
                #expect([400, 403].contains(status), "\(status)")
            }
        }
    }

    @Test("A link ends when it was said to")
    func ends() async throws {
        let key = try #require(ObjectKey("a"))
        try await TestBucket.plain.withStore { store in
            _ = try await store.put(key, SampleBytes(9).stream, as: ObjectOptions())
            let made = try await store.link(to: key, as: Self.download, for: .seconds(1))
            let link = try #require(made)
            try await Task.sleep(for: .milliseconds(2500))
            #expect(try await get(link.url).status == 403)
        }
    }

    @Test("A link does not outlive what it is signed with, nor a week")
    func outlivesNothing() async throws {
        let key = try #require(ObjectKey("a"))
        let end = TestBucket.now().advanced(byMilliseconds: 900_000)
        try await TestBucket.plain.withStore(.init(expiresAt: end)) { store in
            let link = try await store.link(to: key, as: Self.download, for: .seconds(3600))
            let expiresAt = try #require(link?.expiresAt)
            #expect(expiresAt <= end)
            #expect(expiresAt > end.advanced(byMilliseconds: -3000))
        }
        try await TestBucket.plain.withStore { store in
            let link = try await store.link(to: key, as: Self.download, for: .seconds(1 << 40))
            let rest = try #require(link?.expiresAt).since(TestBucket.now())
            #expect(rest <= .seconds(604_800) && rest > .seconds(604_000))
            #expect(link?.url.contains("X-Amz-Expires=604800") == true)
        }
    }
}
