// SPDX-License-Identifier: Apache-2.0
import Cairn
import Testing

@Suite("Origins of our ledgers")
struct CheckpointOriginTests {
    @Test(
        "A host, an optional port and path segments make an origin",
        arguments: [
            "cairn.example/0123456789abcdef0123456789abcdef",
            "cairn.local/0a1b2c3d/0123456789abcdef0123456789abcdef",
            "localhost:8080/a",
            "h:1/a", "h:65535/a", "-.-/_", "a/b/c/d_e-f.0",
        ]
    )
    func valid(_ origin: String) {
        #expect(Origin.isValid(origin))
    }

    @Test(
        "Anything else is no origin of ours",
        arguments: [
            "", "/", "a", "a/", "/a", "a//b", "a/b/", "A/b", "a/B", "a_b/c", "a b/c", "a/b c",
            "a:/b", "a:123456/b", "a:8a/b", "a:1:2/b", ":1/b", "a/b:1", "a/\u{E9}", "a/b\n",
            "a/b\r\n", "a/b+c", "https://a/b", "a/b?c", "a/%20",
        ]
    )
    func invalid(_ origin: String) {
        #expect(!Origin.isValid(origin))
    }

    @Test("An origin has at most 200 bytes")
    func length() {
        #expect(Origin.isValid("a/" + String(repeating: "b", count: 198)))
        #expect(!Origin.isValid("a/" + String(repeating: "b", count: 199)))
    }

    @Test("Every origin of ours can name a key and begin a checkpoint")
    func originNamesKey() throws {
        let key = try NoteKeys.logA().named("h:65535/a_b/0123456789abcdef")
        let text = Checkpoint(origin: key.verifierKey.name, size: 0, root: .emptyRoot).text
        let note = try SignedNote(parsing: key.sign(text).encoded)
        #expect(try Checkpoint.open(note, origin: nil, keys: [key.verifierKey]).size == 0)
    }
}
