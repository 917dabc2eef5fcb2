// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnLedger
import CairnTesting
import Foundation
import Testing

@testable import CairnCommand

@Suite("Where objects are kept is set")
struct ObjectSettingTests {
    private func settings(
        _ arguments: [String],
        _ environment: [String: String] = [:]
    ) async throws -> Settings {
        try await Settings(options: try SettingOptions.parse(arguments), environment: environment)
    }

    @Test("Objects are in the data folder, unless another place is named")
    func folders() async throws {
        let usual = try await settings(["--data", "/srv/data"]).objects.place
        #expect(usual == .folder("/srv/data/objects"))
        let other = try await settings(["--objects-url", "file:///srv/objects"]).objects.place
        #expect(other == .folder("/srv/objects"))
        let variable = ["CAIRN_OBJECTS_URL": "file:///srv/objects"]
        #expect(try await settings([], variable).objects.place == .folder("/srv/objects"))
    }

    @Test("A bucket is named by its URL, in the region that is set or that AWS's tools have")
    func buckets() async throws {
        let bucket = ObjectSettings.Bucket(
            name: "audit",
            prefix: "a/b",
            region: "eu-west-1",
            endpoint: nil,
            isPathStyle: nil
        )
        let url = ["--objects-url", "s3://audit/a/b"]
        var place = try await settings(url + ["--objects-region", "eu-west-1"]).objects.place
        #expect(place == .bucket(bucket))
        let found = try await settings(url, ["AWS_REGION": "eu-west-1"])
        #expect(found.objects.place == .bucket(bucket) && found.notices.isEmpty)
        let without = try await settings([], ["AWS_REGION": "eu-west-1"])
        #expect(without.notices.count == 1)

        let own = ["--objects-endpoint", "http://127.0.0.1:9000", "--objects-path-style"]
        place = try await settings(["--objects-url", "s3://audit"] + own).objects.place
        let expected = ObjectSettings.Bucket(
            name: "audit",
            prefix: "",
            region: "us-east-1",
            endpoint: "http://127.0.0.1:9000",
            isPathStyle: true
        )
        #expect(place == .bucket(expected))
    }

    @Test(
        "What names no place is refused by the setting's name",
        arguments: [
            (["--objects-url", "/srv/objects"], "objects.url"),
            (["--objects-url", "file://host/objects"], "objects.url"),
            (["--objects-url", "https://s3.example.com/audit"], "objects.url"),
            (["--objects-url", "s3://", "--objects-region", "x"], "objects.url"),
            (["--objects-url", "s3://audit"], "objects.region"),
            (["--objects-url", "s3://A_b", "--objects-region", "x"], "objects.url"),
            (["--objects-url", "s3://audit/../x", "--objects-region", "x"], "objects.url"),
            (
                ["--objects-url", "s3://audit", "--objects-endpoint", "s3.example.com"],
                "objects.url"
            ),
        ] as [([String], String)]
    )
    func refused(_ arguments: [String], key: String) async throws {
        let refusal = await #expect(throws: InvalidSetting.self) {
            _ = try await settings(arguments)
        }
        #expect(refusal?.key == key)
    }

    @Test("The folder that is set is opened, and keeps objects")
    func opensFolder() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-objects-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = try #require(ObjectKey("a/b"))
        let set = try await settings(["--objects-url", "file://\(folder)"]).objects
        let open = try await Composition.openObjects(set)
        _ = try await open.store.put(key, SampleBytes(10).stream, as: ObjectOptions())
        let again = try await Composition.openObjects(set)
        #expect(try await again.store.facts(of: key)?.size == 10)
        try await open.close()
    }

    @Test(
        "The bucket that is set is opened with the credentials of the environment",
        .enabled(if: SeaweedServer.isInstalled, "skipped: SeaweedFS is not installed")
    )
    func opensBucket() async throws {
        let server = try SeaweedServer.running()
        let variables = [
            "AWS_ACCESS_KEY_ID": SeaweedServer.owner.id,
            "AWS_SECRET_ACCESS_KEY": SeaweedServer.owner.secret,
        ]
        let set = try await settings(
            ["--objects-url", "s3://cairn-absent", "--objects-endpoint", server.endpoint],
            variables
        )
        let open = try await Composition.openObjects(set.objects)
        let key = try #require(ObjectKey("a"))
        // Whoever is not let in is told something else.
        await #expect(throws: ObjectError.refused("there is no such bucket")) {
            _ = try await open.store.get(key, range: nil)
        }
        try await open.close()
    }
}
