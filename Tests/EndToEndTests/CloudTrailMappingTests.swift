// SPDX-License-Identifier: Apache-2.0
import Cairn
import Foundation
import Testing

@testable import CairnCommand

@Suite("Reading CloudTrail records as events")
struct CloudTrailMappingTests {
    private static let records: [JSONValue] = {
        let path = "Tests/EndToEndTests/Samples/cloudtrail.json"
        let text = (try? CairnBinary.text(path)) ?? ""
        return (try? JSONValue(parsing: text))?["Records"]?.array ?? []
    }()

    private let mapping = CloudTrailMapping(importKey: Array(repeating: 7, count: 32))

    private func event(_ index: Int) throws -> Event {
        let record = try #require(
            Self.records.indices.contains(index) ? Self.records[index] : nil
        )
        let bytes = try mapping.event(from: record.canonical.bytes)
        return try bytes.withUnsafeBytes { try Event(parsing: $0) }
    }

    @Test("A record's members become the event's, and the whole record its details")
    func members() throws {
        let event = try event(0)
        #expect(event.type.text == "aws.s3.PutObject")
        #expect(event.action == "PutObject")
        #expect(event.outcome == .success)
        #expect(event.severity == .info)
        #expect(event.occurredAt?.text == "2026-01-12T08:00:01.000Z")
        #expect(event.actor.id == "arn:aws:iam::111122223333:user/mara")
        #expect(event.actor.type == "IAMUser")
        #expect(event.actor.name == "mara")
        #expect(event.actor.sessionID == nil)
        #expect(event.source.ip == "192.0.2.17")
        #expect(event.source.userAgent == "[aws-cli/2.15]")
        #expect(event.source.requestID == "REQ1")
        #expect(event.externalID == "aaaaaaaa-0000-4000-8000-000000000001")
        #expect(event.details == Self.records[0].canonical)
        #expect(event.details?.text.contains("12345678901234567890") ?? false)
    }

    @Test("Listed resources come first, and a parameter that names one again is not added")
    func resources() throws {
        #expect(
            try event(0).resources == [
                Event.Resource(type: "AWS::S3::Object", id: "arn:aws:s3:::plans/2026/q1.pdf"),
                Event.Resource(type: "AWS::S3::Bucket", id: "arn:aws:s3:::plans"),
            ]
        )
        #expect(try event(2).resources == nil)
    }

    @Test("A refused permission is denied, any other error and a failed login a failure")
    func outcomes() throws {
        #expect(try event(1).outcome == .denied)
        #expect(try event(1).severity == .warning)
        #expect(try event(2).outcome == .failure)
        #expect(try event(3).outcome == .failure)
    }

    /// The event of the first record, changed.
    private func event(_ change: (inout JSONObject) -> Void) throws -> Event {
        var record = try #require(Self.records[0].object)
        change(&record)
        let bytes = try mapping.event(from: JSONValue.object(record).canonical.bytes)
        return try bytes.withUnsafeBytes { try Event(parsing: $0) }
    }

    @Test("A sign-in of any sort that failed is a failure, and a word of another service is none")
    func signIns() throws {
        let failed: [(String, JSONObject)] = [
            ("CheckMfa", ["responseElements": ["CheckMfa": "Failure"]]),
            ("SwitchRole", ["responseElements": ["SwitchRole": "Failed"]]),
            ("ConsoleLogin", ["errorMessage": "Failed authentication", "responseElements": .null]),
            ("UserAuthentication", ["serviceEventDetails": ["CredentialVerification": "Failure"]]),
        ]
        for (name, members) in failed {
            let event = try event { record in
                record["eventSource"] = "signin.amazonaws.com"
                record["eventName"] = .string(name)
                for member in members { record[member.name] = member.value }
            }
            #expect(event.outcome == .failure, "\(name)")
            #expect(event.severity == .warning)
        }
        let other = try event { $0["responseElements"] = ["status": "failed"] }
        #expect(other.outcome == .success)
    }

    @Test("The actor is the first of arn, principal, name and service, or whom it acts for")
    func actors() throws {
        #expect(try event(1).actor.id == "arn:aws:sts::111122223333:assumed-role/backup/backup")
        #expect(try event(1).actor.name == "backup")
        #expect(try event(1).actor.sessionID == "ASIAEXAMPLE2")
        #expect(try event(2).actor.id == "cloudtrail.amazonaws.com")
        #expect(try event(3).actor.id == "111122223333")
        let other = try event {
            $0["userIdentity"] = [
                "type": "IdentityCenterUser", "accountId": "111122223333",
                "onBehalfOf": ["userId": "u-7", "identityStoreArn": "arn:aws:identitystore::x"],
            ]
        }
        #expect(other.actor.id == "u-7")
    }

    @Test("An account is nobody unless it acts as such")
    func accounts() throws {
        for identity in [nil, ["type": "Unknown", "accountId": "111122223333"]] as [JSONValue?] {
            #expect(try event { $0["userIdentity"] = identity }.actor.id == "unknown")
        }
        let account = try event {
            $0["userIdentity"] = ["type": "AWSAccount", "accountId": "444455556666"]
        }
        #expect(account.actor.id == "444455556666")
    }

    @Test("Two resources of one name and two sorts are two")
    func sorts() throws {
        let event = try event {
            $0["resources"] = nil
            $0["requestParameters"] = ["userName": "ops", "groupName": "ops", "roleName": "ops"]
        }
        #expect(
            event.resources?.map(\.type)
                == ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"]
        )
    }

    @Test("The id is a UUID of version 4 that record and key decide, and nothing else")
    func ids() throws {
        let id = try #require(try event(0).id)
        #expect(id.version == 4)
        #expect(try event(0).id == id)
        #expect(try event(1).id != id)
        let other = CloudTrailMapping(importKey: Array(repeating: 8, count: 32))
        #expect(try other.id(of: Self.records[0]) != id)
    }

    @Test("A record without an id of its own is refused, for it could not be known again")
    func refusal() {
        #expect(throws: CloudTrailMapping.Refusal(description: "eventID is missing")) {
            try mapping.event(from: Self.records[4].canonical.bytes)
        }
        #expect(throws: CloudTrailMapping.Refusal.self) { try mapping.event(from: Array("7".utf8)) }
        #expect(throws: CloudTrailMapping.Refusal.self) { try mapping.event(from: Array("{".utf8)) }
    }

    @Test("What a type, an id or a user agent cannot hold is left to the details")
    func limits() throws {
        var record = try #require(Self.records[0].object)
        record["eventName"] = .string("Odd Näme")
        record["userAgent"] = .string(String(repeating: "x", count: 3000))
        record["userIdentity"] = [
            "type": "IAMUser", "arn": .string(String(repeating: "a", count: 257)),
            "userName": "mara",
        ]
        let bytes = try mapping.event(from: JSONValue.object(record).canonical.bytes)
        let event = try bytes.withUnsafeBytes { try Event(parsing: $0) }
        #expect(event.type.text == "aws.s3.Odd_N__me")
        #expect(event.action == "Odd Näme")
        #expect(event.source.userAgent == nil)
        #expect(event.actor.id == "mara")
    }
}
