// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("EventTypeRegistry")
struct EventTypeRegistryTests {
    /// Every type the registry promises, with its category and default severity.
    private static let promised = """
        ACCESS_DENIED authorization warning
        ADMIN_BACKUP_CREATED admin info
        ADMIN_USER_SUSPENDED admin warning
        AUTHORIZATION authorization info
        CONFIGURATION configuration info
        CREATE data info
        DATA_DELETED data warning
        DATA_EXPORTED data info
        DATA_VIEWED data info
        DELETE data warning
        EXPORT data info
        INVITATION invitation info
        LOGIN user info
        LOGOUT user info
        PERMISSION_CHANGE permission info
        PROVIDER_CONNECTED provider info
        PROVIDER_TOKEN_REFRESH_FAILED provider warning
        READ data info
        ROLE_CHANGE role info
        TEAM_MEMBERSHIP team info
        UPDATE data info
        USER_LOGIN user info
        USER_LOGIN_FAILED user warning
        USER_MANAGEMENT user info
        USER_PASSWORD_CHANGED user info
        admin.backup_created admin info
        admin.user_suspended admin warning
        auth.login auth info
        auth.login_failed auth warning
        auth.logout auth info
        auth.mfa_disabled auth warning
        auth.mfa_enabled auth info
        auth.mfa_verified auth info
        auth.password_change auth info
        auth.password_reset auth warning
        auth.session_created auth info
        auth.session_revoked auth info
        authz.checked authz info
        authz.permission_denied authz warning
        authz.permission_granted authz info
        authz.permissions_changed authz info
        authz.role_assigned authz info
        authz.role_changed authz info
        authz.role_revoked authz info
        config.changed config warning
        data.create data info
        data.delete data warning
        data.export data info
        data.import data info
        data.read data info
        data.update data info
        http.request http info
        invitation.updated invitation info
        provider.connected provider info
        provider.token_refresh_failed provider warning
        security.alert security error
        security.ip_blocked security warning
        security.rate_limited security warning
        security.threat_detected security critical
        settings.updated settings info
        system.error system error
        system.shutdown system info
        system.startup system info
        team.membership_changed team info
        user.created user info
        user.deleted user warning
        user.login user info
        user.login_failed user warning
        user.logout user info
        user.managed user info
        user.password_changed user info
        user.updated user info
        """

    @Test("Each common type is there exactly once, in order, with its category and severity")
    func holdsEachTypeOnce() {
        let entries = EventTypeRegistry.standard.entries.map {
            "\($0.type) \($0.category) \($0.defaultSeverity.rawValue)"
        }
        #expect(entries == Self.promised.split(separator: "\n").map(String.init))
        #expect(EventTypeRegistry.standard.entries.allSatisfy { !$0.summary.isEmpty })
    }

    @Test("Of an unknown type the category is its first part and the severity info")
    func fallsBack() throws {
        let type = try EventType("invoice.approved.twice")
        #expect(EventTypeRegistry.standard.entry(for: type) == nil)
        #expect(EventTypeRegistry.standard.category(of: type) == "invoice")
        #expect(EventTypeRegistry.standard.defaultSeverity(of: type) == .info)
        #expect(EventTypeRegistry.standard.category(of: try EventType("shout")) == "shout")
    }

    @Test("An administrator's action that is not listed is in the category of the others")
    func knowsTheFamily() throws {
        let type = try EventType("ADMIN_KEY_ROTATED")
        #expect(EventTypeRegistry.standard.category(of: type) == "admin")
        #expect(
            EventTypeRegistry.standard.category(of: try EventType("ADMINISTER")) == "ADMINISTER"
        )
    }

    @Test("An entry takes the place of one for the same type, and comes before a family")
    func registers() throws {
        let type = try EventType("shop.order:paid")
        var registry = EventTypeRegistry()
        registry.registerFamily(prefix: "shop.", category: "trade", defaultSeverity: .debug)
        registry.registerFamily(prefix: "s", category: "other")
        #expect(registry.category(of: type) == "trade")
        #expect(registry.defaultSeverity(of: type) == .debug)
        registry.register(.init(type: type, category: "first"))
        registry.register(.init(type: type, category: "orders", defaultSeverity: .error))
        #expect(registry.entries.count == 1)
        #expect(registry.entry(for: type)?.category == "orders")
        #expect(registry.category(of: type) == "orders")
        #expect(registry.defaultSeverity(of: type) == .error)
        registry.registerFamily(prefix: "shop.", category: "later")
        #expect(registry.category(of: try EventType("shop.refund")) == "later")
    }

    @Test("What only the server may record is in the category cairn, whatever is registered")
    func reservesItsOwn() throws {
        let type = try EventType("cairn.key.rotated")
        var registry = EventTypeRegistry.standard
        #expect(registry.category(of: type) == "cairn")
        registry.register(.init(type: type, category: "mine", defaultSeverity: .warning))
        registry.registerFamily(prefix: "cairn", category: "mine")
        #expect(registry.entry(for: type)?.category == "cairn")
        #expect(registry.category(of: try EventType("cairn.other")) == "cairn")
    }
}

@Suite("EventType")
struct EventTypeTests {
    @Test("A type is 1 to 128 of the letters, digits and four marks, in any order")
    func takesTheGrammar() throws {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"
        #expect(try EventType(alphabet).text == alphabet)
        for code in UInt8(0)..<128 {
            let text = String(UnicodeScalar(code))
            #expect(((try? EventType(text)) != nil) == alphabet.contains(text), "byte \(code)")
        }
        #expect(try EventType(String(repeating: "a", count: 128)).text.count == 128)
    }

    @Test(
        "What breaks the grammar is refused with its reason",
        arguments: [
            ("", InvalidEventType.empty), (String(repeating: "a", count: 129), .tooLong),
            ("user login", .character(position: 4)), ("é", .character(position: 0)),
            ("user.\u{212A}", .character(position: 5)), ("a\r\n", .character(position: 1)),
        ]
    )
    func namesTheFault(text: String, reason: InvalidEventType) {
        #expect(throws: reason) { try EventType(text) }
    }

    @Test(
        "First and last part stand before the first dot and behind the last, and are never empty",
        arguments: [
            ("user.login", "user", "login"), ("a.b.c", "a", "c"), ("LOGIN", "LOGIN", "LOGIN"),
            ("s3:GetObject", "s3:GetObject", "s3:GetObject"), (".a.b.", "a", "b"),
            ("..", "..", ".."),
        ]
    )
    func hasParts(text: String, first: String, last: String) throws {
        let type = try EventType(text)
        #expect(type.firstPart == first)
        #expect(type.lastPart == last)
    }

    @Test("Only what begins with `cairn.` is reserved")
    func reserves() throws {
        #expect(try EventType("cairn.tombstone").isReserved)
        #expect(try !EventType("cairn").isReserved)
        #expect(try !EventType("cairns.built").isReserved)
        #expect(try !EventType("CAIRN.x").isReserved)
    }
}

@Suite("Outcome, severity, risk and retention class")
struct EventWordsTests {
    @Test("Every word reads back from its name and from its code, and no other does")
    func readsBack() {
        for word in Outcome.allCases {
            #expect(Outcome(utf8: Array(word.rawValue.utf8)) == word)
            #expect(Outcome(code: word.code) == word)
        }
        for word in Severity.allCases {
            #expect(Severity(utf8: Array(word.rawValue.utf8)) == word)
            #expect(Severity(code: word.code) == word)
        }
        for word in Risk.allCases {
            #expect(Risk(utf8: Array(word.rawValue.utf8)) == word)
            #expect(Risk(code: word.code) == word)
        }
        for text in ["", "SUCCESS", "succes", "successs", "Info", "lowest", "debugger", " low"] {
            #expect(Outcome(utf8: Array(text.utf8)) == nil)
            #expect(Severity(utf8: Array(text.utf8)) == nil)
            #expect(Risk(utf8: Array(text.utf8)) == nil)
        }
    }

    @Test("The codes in stores are these for ever")
    func keepsCodes() {
        #expect(
            Outcome.allCases.map { "\($0.rawValue) \($0.code)" }
                == ["success 1", "failure 2", "denied 3", "error 4", "unknown 5"]
        )
        #expect(
            Severity.allCases.map { "\($0.rawValue) \($0.code)" }
                == ["debug 1", "info 2", "warning 3", "error 4", "critical 5"]
        )
        #expect(
            Risk.allCases.map { "\($0.rawValue) \($0.code)" }
                == ["low 1", "medium 2", "high 3", "critical 4"]
        )
        for code: UInt8 in [0, 6, 255] {
            #expect(Outcome(code: code) == nil)
            #expect(Severity(code: code) == nil)
            #expect(Risk(code: code) == nil)
        }
        #expect(Risk(code: 5) == nil)
    }

    @Test("Severities and risks are ordered from least to most")
    func ordersWords() {
        #expect(Severity.allCases == Severity.allCases.sorted())
        #expect(Risk.allCases == Risk.allCases.sorted())
        #expect(Severity.debug < .critical)
        #expect(Risk.high > .medium)
    }

    @Test("A retention class is one to eight lower-case letters and digits, and std by default")
    func namesRetentionClasses() {
        #expect(RetentionClass.standard.text == "std")
        #expect(RetentionClass("std") == .standard)
        #expect(RetentionClass("a1234567")?.text == "a1234567")
        for text in ["", "a12345678", "Std", "a-b", "é", "a b"] {
            #expect(RetentionClass(text) == nil, "\(text)")
        }
    }
}
