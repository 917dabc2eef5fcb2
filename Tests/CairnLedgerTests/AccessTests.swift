// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("Keys and scopes")
struct KeyTests {
    @Test("A token is read back from its own text, and from nothing near it")
    func tokens() throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            let token = APIKeyToken(random: generator.bytes(38))
            let text = token.text
            #expect(text.utf8.count == 62 && text.hasPrefix("cairn_"))
            let read = try #require(APIKeyToken(text))
            #expect(read.id == token.id && read.hash == token.hash)
            let (head, tail) = (String(text.dropLast(44)), String(text.suffix(43)))
            let wrongs: [String] = [
                "", String(text.dropLast()), "\(text)A", " \(text)", text.uppercased(),
                "Cairn\(text.dropFirst(5))", "\(text.dropFirst(6))cairn_", "\(head)-\(tail)",
                "\(text.dropLast())=", "\(text.dropLast())\u{e9}",
            ]
            for wrong in wrongs {
                #expect(APIKeyToken(wrong)?.hash != token.hash, "\(wrong)")
            }
        }
    }

    @Test("Hashes are the same only if every byte is")
    func constantTime() {
        let digest = Digest.sha256([1])
        #expect(digest.matchesInConstantTime(digest))
        for position in 0..<32 {
            var bytes = digest.bytes
            bytes[position] ^= 1
            #expect(Digest(bytes).map(digest.matchesInConstantTime) == false)
        }
    }

    @Test("Duties are apart: no role but the owner both writes and manages, or manages and reads")
    func roles() {
        for role in Role.allCases where role != .owner {
            let scopes = role.scopes
            #expect(!scopes.isEmpty)
            #expect(!scopes.contains(.tenantsManage), "\(role)")
            #expect(!(scopes.contains(.keysManage) && scopes.contains(.eventsRead)), "\(role)")
            #expect(!(scopes.contains(.eventsWrite) && scopes.contains(.eventsRead)), "\(role)")
        }
        #expect(Role.owner.scopes == Set(Scope.allCases))
        let manages: Set<Scope> = [
            .eventsWrite, .exportsWrite, .keysManage, .privacyErase, .retentionManage,
            .holdsManage, .settingsManage,
        ]
        #expect(Role.auditor.scopes.isDisjoint(with: manages))
    }

    @Test("Scopes are read back from their names, and a name that is none is refused")
    func names() {
        for role in Role.allCases {
            #expect(Set<Scope>(names: role.scopes.names) == role.scopes)
        }
        #expect(Set<Scope>(names: ["events:read", "events:delete"]) == nil)
    }
}
