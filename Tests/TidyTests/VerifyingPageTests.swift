// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite(
    "A sceptic's script verifies a record",
    .enabled(
        if: Tool.has("python3", "openssl", "jq"),
        "python3, openssl or jq is not installed here"
    )
)
struct VerifyingPageTests {
    private let proof: String
    private let page: Page

    init() throws {
        proof = try Repository.text("Tests/Golden/proof.json")
        page = try Page("docs/verifying.md")
    }

    /// Runs `body` in a folder with the page's script, a proof and the key.
    private func withFolder(
        _ proof: String,
        _ body: (URL) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("cairn-tidy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = try #require(page.blocks.first { $0.language == "python" })
        for (name, text) in [
            ("verify_record.py", script.text), ("proof.json", proof),
            ("ledger.vkey", try Repository.text("Tests/Golden/proof.vkey")),
        ] {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        try await body(folder)
    }

    /// Runs a block of the page by its first line.
    private func run(_ title: String, in folder: URL) async throws -> Tool.Result {
        let block = try #require(page.blocks.first { $0.text.hasPrefix("# \(title)\n") })
        return try await Tool.runBeside(["sh", "-e", "-c", block.text], in: folder)
    }

    @Test("The script accepts a proof that another implementation made from the format alone")
    func holds() async throws {
        try await withFolder(proof) { folder in
            let result = try await run("all of it", in: folder)
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.hasPrefix("holds: record 4 of cairn.example/"))
        }
    }

    @Test(
        "The script refuses a proof that was tampered with, and says where",
        arguments: [
            ("192.0.2.4", "192.0.2.5", "fields"),
            ("\"path\": \"severity\"", "\"path\": \"actor.id\"", "order"),
            ("y8qKz8a3", "y8qKz8a4", "fields"),
            ("\"salt\": \"UEWY", "\"salt\": \"UEWZ", "fields"),
            ("\"index\": 4", "\"index\": 5", "index"),
            ("\"size\": 7", "\"size\": 8", "tree"),
            ("2af61aca", "2af61acb", "root"),
            ("\\n7\\n", "\\n8\\n", "signature"),
            ("VhTpgZBe", "VhTpgZBf", "signature"),
            ("VhTpgZBe", "VhTpgJBe", "signed"),
            ("YXVkaXQt", "YXVkaXQs", "malformed"),
            ("\"value\": \"\\\"auth.login", "\"value\": \"\\\"auth.logout", "fields"),
        ]
    )
    func fails(original: String, damage: String, reason: String) async throws {
        let tampered = proof.replacing(original, with: damage)
        #expect(tampered != proof)
        try await withFolder(tampered) { folder in
            let result = try await run("all of it", in: folder)
            #expect(result.status == 1)
            #expect(result.output.contains(reason), "\(result.output)")
        }
    }

    @Test("The steps by hand give the leaf's hash, the field's digest and the signature's verdict")
    func byHand() async throws {
        try await withFolder(proof) { folder in
            let leaf = try await run("by hand: leaf", in: folder)
            #expect(leaf.output.contains("\"index\":4"))
            #expect(
                leaf.output.hasSuffix(
                    "117b2a7fca848b13c0f20a2bec69b4005d0bc0447c3d7d51f6f9006338f6f9ca  -\n"
                )
            )
            let field = try await run("by hand: field", in: folder)
            #expect(
                field.output
                    == "d8878ccd9c8f3b92229c101689e7e3c36aa23866b8f52ebee0ff84f72ca4cd75  -\n"
            )
            let signature = try await run("by hand: signature", in: folder)
            #expect(signature.status == 0)
            #expect(signature.output.hasPrefix("Signature Verified Successfully\n"))
        }
    }

    @Test("An implementation from the format alone gives its test vector and the golden proof")
    func vector() async throws {
        let result = try await Tool.runBeside(
            ["python3", "Tests/Golden/make_proof.py", "--check"],
            in: Repository.root
        )
        #expect(result.status == 0, "\(result.output)")
    }
}
