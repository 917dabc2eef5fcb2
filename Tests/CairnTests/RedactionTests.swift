// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Cairn

@Suite("Redaction")
struct RedactionTests {
    private let redactor = Redactor()

    private func event(
        _ details: String = "{}",
        _ change: (inout Event) -> Void = { _ in }
    ) throws -> Event {
        var event = try Event(parsing: #"{"type":"a.b","actor":{"id":"u"},"details":\#(details)}"#)
        change(&event)
        return event
    }

    /// What is left of `details`, and the paths.
    private func details(
        _ text: String,
        _ redactor: Redactor? = nil,
        key: RedactionKey? = nil
    ) throws -> (text: String, paths: [String]) {
        let event = try event(text)
        guard let redacted = try (redactor ?? self.redactor).redact(event, key: key) else {
            return (event.details?.text ?? "", [])
        }
        return (redacted.event.details?.text ?? "", redacted.paths)
    }

    private func rules(_ text: String) throws -> Redactor {
        Redactor(try RedactionRules(try JSONValue(parsing: text)))
    }

    // MARK: Names

    @Test(
        "A member is found by its name however it is written",
        arguments: [
            "password", "Password", "userPassword", "user_password", "USER-PASSWORD", "passwd",
            "pwd", "db.password", "password2", "passwordConfirm", "password_hash", "oldPassword",
            "secret", "clientSecret", "client-secret", "token", "accessToken", "ACCESS_TOKEN",
            "refreshtoken", "id_token", "csrfToken", "apiKey", "api-key", "API_KEY", "apikey",
            "x-api-key", "privateKey", "private_key_pem", "Authorization", "authorization_header",
            "proxy-authorization", "cookie", "Set-Cookie", "cookies", "creditCard", "credit_card",
            "credit_card_number", "cardNumber", "ssn", "userSSN", "SSNValue", "taxId", "tax_id",
            "bankAccount", "bank_account", "routingNumber", "routing_number", "cvv", "pin", "otp",
            "credentials", "passphrase", "iban", "userpassword", "dbpasswd", "password_digest",
            "passwordSha256", "csrftoken", "passwords_list", "access_token_v2",
        ]
    )
    func names(_ name: String) throws {
        let found = try details(#"{"\#(name)":"x","kept":"y"}"#)
        let expected: JSONValue = .object(
            JSONObject([("kept", "y"), (name, "[REDACTED]")])
        )
        #expect(try JSONValue(parsing: found.text) == expected)
        #expect(found.paths == ["details.\(name)"])
    }

    @Test(
        "A name that only looks like a secret's stays",
        arguments: [
            "className", "businessname", "processName", "token_count", "tokenizer", "secretary",
            "password_changed_at", "passwordPolicy", "secretName", "keyboard", "key", "keyId",
            "cookieConsent", "compass", "shipping", "spinner", "authorizationCount", "tokenType",
            "author", "pinned", "cardholder", "accountId", "ssnap", "obtain", "session",
        ]
    )
    func innocent(_ name: String) throws {
        let found = try details(#"{"\#(name)":"x"}"#)
        #expect(found.paths.isEmpty, "\(found)")
    }

    @Test("Objects and arrays are walked to any depth, and every text of a secret goes")
    func depth() throws {
        let found = try details(
            #"{"users":[{"password":"x","n":1},{"a":[[{"token":{"deep":[1,"2"]}}]]}]}"#
        )
        #expect(
            found.text == #"{"users":[{"n":1,"password":"[REDACTED]"},"#
                + #"{"a":[[{"token":{"deep":[1,"[REDACTED]"]}}]]}]}"#
        )
        #expect(
            found.paths == ["details.users[0].password", "details.users[1].a[0][0].token.deep[1]"]
        )
    }

    @Test("Nothing, and a yes or no, are no secrets, nor is a count of tokens")
    func values() throws {
        let kept =
            #"{"mfa_code":null,"password":{"min_length":12},"pin":"","secret":true,"token":[],"#
            + #""tokens":{"completion":5,"prompt":12}}"#
        let found = try details(kept)
        #expect(found.text == kept && found.paths.isEmpty)
        let number = try details(#"{"cvv":[1,2],"pin":1234,"tokens":["a",7]}"#)
        let mark = #""[REDACTED]""#
        #expect(
            number.text == #"{"cvv":[\#(mark),\#(mark)],"pin":\#(mark),"tokens":[\#(mark),7]}"#
        )
    }

    // MARK: Shapes

    static let secrets: [(secret: String, detector: RedactionRules.Detector)] = [
        ("4111111111111111", .paymentCard), ("4111 1111 1111 1111", .paymentCard),
        ("5500-0000-0000-0004", .paymentCard), ("340000000000009", .paymentCard),
        ("3782 822463 10005", .paymentCard), ("6011000000000004", .paymentCard),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            .jwt
        ),
        ("Bearer mF_9.B5f-4.1JqM", .authorization), ("Basic dXNlcjpwYXNz", .authorization),
        ("AKIAIOSFODNN7EXAMPLE", .serviceKey),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", .serviceKey),
        ("xoxb-123456789012-abcdef", .serviceKey),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", .serviceKey),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", .privateKey
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIB", .privateKey), ("078-05-1120", .usSSN),
        ("DE89370400440532013000", .iban), ("GB29 NWBK 6016 1331 9268 19", .iban),
    ]

    @Test("A secret is found by its shape, wherever it stands", arguments: secrets)
    func shapes(_ secret: String, _ detector: RedactionRules.Detector) throws {
        for (before, after) in [("", ""), ("it is ", ", said she"), ("k=", ";"), ("(", ")")] {
            let text = before + secret + after
            // A key that is not closed goes on to the end.
            let rest = detector == .privateKey && !secret.contains("END") ? "" : after
            #expect(redactor.redact(text) == before + "[REDACTED]" + rest, "\(text)")
            let document = CanonicalJSON(.object(["note": .string(text)])).text
            let found = try details(document)
            #expect(found.paths == ["details.note"], "\(document)")
        }
        let off = try rules(
            #"{"name":"x","version":1,"detectors":{"\#(detector.rawValue)":"keep"}}"#
        )
        #expect(off.redact("it is \(secret)") == "it is \(secret)")
    }

    @Test(
        "A value that a text assigns to a sensitive name goes, and the rest of it stays",
        arguments: [
            ("password=hunter2 x", "password=[REDACTED] x"),
            ("/x?access_token=abc&y=1", "/x?access_token=[REDACTED]&y=1"),
            (#"db_password="a b" y"#, #"db_password="[REDACTED]" y"#),
            (#"{"apiKey": "abc", "n": 1}"#, #"{"apiKey": "[REDACTED]", "n": 1}"#),
            ("Cookie: session=abc; a=b\nHost: x", "Cookie: [REDACTED]\nHost: x"),
            ("Authorization: Token abc", "Authorization: [REDACTED]"),
            ("password=[REDACTED]&a=1", "password=[REDACTED]&a=1"),
            ("token_count=5&className=x", "token_count=5&className=x"),
            ("password: must be changed", "password: must be changed"),
            ("4111 1111 1111 1111 12/26", "[REDACTED] 12/26"),
            ("4111111111111111 123", "[REDACTED] 123"), ("a=b=c==", "a=b=c=="),
        ]
    )
    func assigned(_ text: String, _ left: String) throws {
        #expect(redactor.redact(text) == left)
        let document = CanonicalJSON(.object(["note": .string(text)])).text
        let found = try details(document)
        #expect(try JSONValue(parsing: found.text)["note"]?.string == left, "\(found)")
    }

    @Test(
        "Text that was made to be slow is not",
        .timeLimit(.minutes(1)),
        arguments: [
            "eyJ-", "-----BEGIN ", "4111 ", "1 ", "AD12 ", "://", "a:b@", "Bearer ", "password=",
            #"\"token\":\""#, "Authorization: ", "Cookie:", "sk-", "078-05-1120 ", "_no", "=", ":",
        ]
    )
    func slow(_ part: String) throws {
        let text = String(repeating: part, count: 100_000 / part.utf8.count)
        _ = redactor.redact(text)
        for document in [["note": .string(text)], [text: 1], ["pas" + text: 1]] as [JSONValue] {
            _ = try redactor.redact(event(CanonicalJSON(document).text))
        }
    }

    @Test("Paths are told up to a bound, whatever names are like", .timeLimit(.minutes(1)))
    func paths() throws {
        let secret = JSONValue.string("078-05-1120")
        let name = String(repeating: "k", count: 100_000)
        let many = JSONValue.array(Array(repeating: secret, count: 1000))
        let found = try details(CanonicalJSON(.object([(name, many)].asObject)).text)
        #expect(found.paths.count == 1 && found.paths.allSatisfy { $0.utf8.count <= 300 })
        let members = (0..<1000).map { ("m\($0)", secret) }
        let wide = try details(CanonicalJSON(.object(members.asObject)).text)
        #expect(wide.paths.count == Redactor.pathLimit && wide.paths.contains("…"))
        #expect(!wide.text.contains("078"), "all of them are gone")
        let apart = try details(#"{"AKIAIOSFODNN7EXAMPLE":"v","[REDACTED]":"kept"}"#)
        #expect(apart.text == #"{"[REDACTED]":"kept","[REDACTED] 2":"v"}"#)
    }

    @Test("The password in a URL goes, and the rest of it stays")
    func urls() throws {
        #expect(
            redactor.redact("see postgresql://app:s3cr3t@db.example.com/x")
                == "see postgresql://app:[REDACTED]@db.example.com/x"
        )
        #expect(redactor.redact("ftp://u:p@ss@h/x") == "ftp://u:[REDACTED]@h/x")
        #expect(redactor.redact("http://example.com:80/@x") == "http://example.com:80/@x")
    }

    @Test(
        "What only looks like a secret stays",
        arguments: [
            "4111111111111112", "1234567890123456", "1769178600123456789", "41111111111111111",
            "4111 11 11 1111 1111", "a4111111111111111", "2026-01-23T14:30:00Z", "000-12-3456",
            "666-12-3456", "900-12-3456", "123-45-67890", "123e4567-e89b-12d3-a456-426614174000",
            "bearer of bad news", "Basic authentication", "Basic plan", "eyJ", "AKIA", "sk-ip it",
            "-----BEGIN CERTIFICATE-----", "Bearer authentication_scheme_is_needed",
            "sk-this-is-a-very-long-kebab-case-name-of-a-host.example.com",
            "cairn_ledger_commit_duration_seconds_bucket_total", "DE89370400440532013001",
            "NL only", "192.168.1.100",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "user-123", "s3://a/b",
        ]
    )
    func innocentTexts(_ text: String) throws {
        #expect(redactor.redact(text) == text)
    }

    @Test("Every text of an event is looked through, and names of members, too")
    func everywhere() throws {
        let secret = "AKIAIOSFODNN7EXAMPLE"
        let places: [(String, (inout Event) -> Void)] = [
            ("action", { $0.action = secret }), ("actor.id", { $0.actor.id = secret }),
            ("actor.type", { $0.actor.type = secret }), ("actor.name", { $0.actor.name = secret }),
            ("actor.email", { $0.actor.email = secret }),
            ("actor.session_id", { $0.actor.sessionID = secret }),
            ("resources[1].type", { $0.resources = [.init(id: "a"), .init(type: secret)] }),
            ("resources[0].id", { $0.resources = [.init(id: secret)] }),
            ("resources[0].name", { $0.resources = [.init(id: "a", name: secret)] }),
            ("source.ip", { $0.source.ip = secret }),
            ("source.user_agent", { $0.source.userAgent = secret }),
            ("source.request_id", { $0.source.requestID = secret }),
            ("source.traceparent", { $0.source.traceparent = secret }),
            ("description", { $0.description = secret }),
            ("external_id", { $0.externalID = secret }),
            ("details", { $0.details = JSONValue.object([secret: 1]).canonical }),
            ("change.before.a", { $0.before = JSONValue.object(["a": .string(secret)]).canonical }),
            ("change.after.b", { $0.after = JSONValue.object(["b": .string(secret)]).canonical }),
        ]
        for (path, change) in places {
            let event = try event("{}", change)
            let redacted = try #require(try redactor.redact(event), "\(path)")
            #expect(redacted.paths == [path])
            #expect(!"\(redacted.event)".contains(secret), "\(path)")
            #expect(redacted.event != event && "\(event)".contains(secret), "the caller's stays")
        }
        let typed = Event(type: try EventType("x.AKIAIOSFODNN7EXAMPLE"), actor: .init(id: "u"))
        #expect(throws: InvalidEvent.self) { try redactor.redact(typed) }
    }

    @Test("Escapes hide nothing, and numbers are looked at")
    func escapes() throws {
        let found = try details(
            #"{"a":"x\nAKIAIOSFODNN7EXAMPLE","b":4111111111111111,"p\u0061ssword":"x"}"#
        )
        #expect(
            found.text == #"{"a":"x\n[REDACTED]","b":"[REDACTED]","password":"[REDACTED]"}"#
        )
    }

    // MARK: Rules

    @Test("Rules of one's own add names and paths, allow what is innocent, and say their name")
    func own() throws {
        let own = try rules(
            #"""
            {"name":"acme","version":3,"names":{"member_no":"last4","shoe":"drop"},
             "paths":{"actor.email":"digest","details.patient.note":"replace"},
             "detectors":{"payment_card":"last4","iban":"keep"},
             "allow":["pin","details.public.token"]}
            """#
        )
        let event = try event(
            #"""
            {"memberNo":"ABC-1234-5678-9012","shoe":44,"pin":"1","public":{"token":"t"},
             "patient":[{"note":"n"}],"card":"4111111111111111","iban2":"DE89370400440532013000"}
            """#
        ) { $0.actor.email = "ada@example.com" }
        let key = RedactionKey(id: "2026q1", secret: [UInt8](repeating: 7, count: 32))
        let redacted = try #require(try own.redact(event, key: key))
        #expect(own.rules.text == "acme/3")
        #expect(
            redacted.event.details?.text
                == #"{"card":"[REDACTED]1111","iban2":"[REDACTED]","memberNo":"[REDACTED]9012","#
                + #""patient":[{"note":"[REDACTED]"}],"pin":"1","public":{"token":"t"}}"#
        )
        let digest = redacted.event.actor.email ?? ""
        #expect(digest.hasPrefix("hmac:2026q1:") && digest.utf8.count == 12 + 22)
        let again = try #require(try own.redact(event, key: key))
        #expect(again.event == redacted.event, "equal values stay equal")
        let without = try #require(try own.redact(event))
        #expect(without.event.actor.email == "[REDACTED]")
        #expect(
            redacted.paths == [
                "actor.email", "details.card", "details.iban2", "details.memberNo",
                "details.patient[0].note", "details.shoe",
            ]
        )
    }

    @Test(
        "Rules that cannot be taken are refused by the member that is wrong",
        arguments: [
            (#"[]"#, ""), (#"{"name":"standard","version":1}"#, "name"),
            (#"{"name":"x"}"#, "version"), (#"{"name":"x","version":0}"#, "version"),
            (#"{"name":"x","version":1,"more":1}"#, "more"),
            (#"{"name":"x","version":1,"names":{"password":"digest"}}"#, "names.password"),
            (#"{"name":"x","version":1,"names":{"PIN":"last4"}}"#, "names.PIN"),
            (#"{"name":"x","version":1,"names":{"a":"hide"}}"#, "names.a"),
            (#"{"name":"x","version":1,"detectors":{"jwt":"digest"}}"#, "detectors.jwt"),
            (#"{"name":"x","version":1,"detectors":{"dna":"keep"}}"#, "detectors.dna"),
            (#"{"name":"x","version":1,"allow":[1]}"#, "allow"),
        ]
    )
    func refused(_ text: String, _ field: String) throws {
        let value = try JSONValue(parsing: text)
        let refusal = #expect(throws: RedactionRules.Invalid.self) { try RedactionRules(value) }
        #expect(refusal?.field == field)
    }

    // MARK: Properties

    @Test("A planted secret is gone wherever it was planted, and all else is as it was")
    func planted() throws {
        var generator = SeededGenerator(seed: 501)
        for number in 0..<1000 {
            let (secret, _) = Self.secrets[
                Int.random(in: 0..<Self.secrets.count, using: &generator)
            ]
            let isNamed = Int.random(in: 0..<2, using: &generator) == 0
            let planted: JSONValue = .string(isNamed ? "hunter2hunter2" : secret)
            let document = Self.tree(&generator, depth: 4, holding: (isNamed, planted))
            let event = try event(CanonicalJSON(document).text)
            let redacted = try #require(try redactor.redact(event), "seed 501, \(number)")
            let left = redacted.event.details?.text ?? ""
            let written = CanonicalJSON(planted).text.dropFirst().dropLast()
            #expect(!left.contains(String(written)), "seed 501, \(number): \(left)")
            #expect(redacted.paths.count == 1, "seed 501, \(number): \(redacted.paths)")
            let again = try redactor.redact(redacted.event)
            #expect(again == nil, "what was redacted has no secrets")
        }
    }

    /// A random object with one secret somewhere in it.
    private static func tree(
        _ generator: inout SeededGenerator,
        depth: Int,
        holding secret: (isNamed: Bool, value: JSONValue)?
    ) -> JSONValue {
        var members = JSONObject()
        let count = 1 + Int.random(in: 0..<4, using: &generator)
        let place = Int.random(in: 0..<count, using: &generator)
        for position in 0..<count {
            let name = "m\(position)é\"\\"
            guard let secret, position == place else {
                members[name] = [
                    .number(JSONNumber(Int.random(in: 0..<99, using: &generator))),
                    .string("text \(position)"), .null,
                ]
                continue
            }
            if depth > 0, Int.random(in: 0..<3, using: &generator) > 0 {
                let inner = tree(&generator, depth: depth - 1, holding: secret)
                members[name] =
                    Int.random(in: 0..<2, using: &generator) == 0 ? inner : .array([1, inner])
            } else if secret.isNamed {
                members["db_Password"] = secret.value
            } else {
                members[name] = .array([secret.value])
            }
        }
        return .object(members)
    }
}

extension [(String, JSONValue)] {
    fileprivate var asObject: JSONObject { JSONObject(map { (name: $0.0, value: $0.1) }) }
}
