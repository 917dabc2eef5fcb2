// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite(
    "A sceptic's script verifies an export",
    .enabled(
        if: Tool.has("python3", "openssl", "jq", "unzip", "sha256sum"),
        "python3, openssl, jq or unzip is not installed here"
    )
)
struct ExportPageTests {
    private static let samples = Repository.root.appendingPathComponent("Tests/Vectors/exports")
    private let page: Page

    init() throws {
        page = try Page("docs/verifying.md")
    }

    /// Runs `body` in a folder with the page's scripts, the key, and a sample as `export.zip`.
    private func withFolder(_ sample: String, _ body: (URL) async throws -> Void) async throws {
        let files = FileManager.default
        let folder = files.temporaryDirectory
            .appendingPathComponent("cairn-tidy-\(UUID().uuidString)")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: folder) }
        let scripts = page.blocks.filter { $0.language == "python" }
        #expect(scripts.count == 2)
        for (name, script) in zip(["verify_record.py", "verify_export.py"], scripts) {
            try Data(script.text.utf8).write(to: folder.appendingPathComponent(name))
        }
        for (from, to) in [("\(sample).zip", "export.zip"), ("ledger.vkey", "ledger.vkey")] {
            try files.copyItem(
                at: Self.samples.appendingPathComponent(from),
                to: folder.appendingPathComponent(to)
            )
        }
        #expect(try await run("export: files", in: folder).status == 0)
        try await body(folder)
    }

    /// Runs a block of the page by its first line.
    private func run(_ title: String, in folder: URL) async throws -> Tool.Result {
        let block = try #require(page.blocks.first { $0.text.hasPrefix("# \(title)\n") })
        return try await Tool.runBeside(["sh", "-e", "-c", block.text], in: folder)
    }

    @Test(
        "The script accepts the exports that are kept as samples",
        arguments: [
            ("accounted", "3 records of 5 to 33", "25 left out: each shown to fail the filter"),
            ("gaps", "7 records of 0 to 36", "29 left out: nothing of them is shown"),
        ]
    )
    func holds(sample: String, shown: String, leftOut: String) async throws {
        try await withFolder(sample) { folder in
            let sums = try await run("export: sums", in: folder)
            #expect(sums.status == 0, "\(sums.output)")
            let signature = try await run("export: signature", in: folder)
            #expect(signature.output.hasPrefix("Signature Verified Successfully\n"))
            let result = try await run("export: all of it", in: folder)
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.hasPrefix("holds: \(shown) of cairn.example/"))
            #expect(result.output.hasSuffix("\(leftOut)\n"), "\(result.output)")
        }
    }

    /// A change to a file of an export, as a program of sed.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let file: String
        let change: String
        let reason: String

        init(_ description: String, _ file: String, _ change: String, _ reason: String) {
            (testDescription, self.file, self.change) = (description, file, change)
            self.reason = reason
        }

        static let all = [
            Forgery(
                "a value",
                "records.ndjson",
                #"s/document.read\\"/document.seen\\"/"#,
                "fields"
            ),
            Forgery("a salt", "records.ndjson", #"s/"salt":"[A-Z]/"salt":"_/"#, "fields"),
            Forgery("a line taken out", "records.ndjson", "10d", "place"),
            Forgery("a line twice", "records.ndjson", "10p", "place"),
            Forgery("the last line taken out", "records.ndjson", "$d", "ends"),
            Forgery("a space", "records.ndjson", "3s/,/, /", "form"),
            Forgery("another member", "records.ndjson", #"3s/}$/,"a":1}/"#, "form"),
            Forgery("another leaf", "records.ndjson", "3s/YXVkaXQt/YXVkaXQu/", "malformed"),
            Forgery(
                "a match withheld",
                "records.ndjson",
                #"s/,"previous_hash":"[0-9a-f]*"/,"withheld":"outcome"/"#,
                "not shown to fail"
            ),
            Forgery(
                "a match withheld without its fields",
                "records.ndjson",
                #"s/,"previous_hash":"[0-9a-f]*",\(.*\),"fields".*/,"withheld":"type",\1}/"#,
                "not shown to fail"
            ),
            Forgery(
                "another condition",
                "records.ndjson",
                #"s/"withheld":"[a-z]*"/"withheld":"category"/"#,
                "category"
            ),
            Forgery(
                "undecidable",
                "records.ndjson",
                #"/withheld/ { s/withheld":"[a-z_]*/undecidable":"pruned/; s/,"fields".*/}/ }"#,
                "is gone"
            ),
            Forgery("an edge", "proof.json", #"s/left":\["[0-9a-f]/left":["g/"#, "hexadecimal"),
            Forgery("another edge", "proof.json", #"s/right":\["..../right":["0000/"#, "root"),
            Forgery("a record of the data", "events.ndjson", "s/user/User/", "another record"),
            Forgery("a record less", "events.ndjson", "$d", "another record"),
            Forgery("a record more", "events.ndjson", "$p", "goes on"),
            Forgery("a number of the data", "events.ndjson", #"s/"index":8/"index":9/"#, "another"),
            Forgery("the checkpoint's size", "checkpoint", "s/^36$/37/", "signature"),
            Forgery("the signature", "checkpoint", "s/^\\(— .*\\)....$/\\1AAA=/", "signature"),
            Forgery("the range", "manifest.json", "s/\"to\": 33/\"to\": 32/", "place"),
            Forgery("the counts", "manifest.json", "s/\"matched\": 3/\"matched\": 4/", "counts"),
            Forgery("the size", "manifest.json", "s/\"size\": 36$/\"size\": 35/", "tree"),
            Forgery("the filter", "manifest.json", "s/document.read/user.logout/", "asked for"),
            Forgery(
                "the promise",
                "manifest.json",
                #"s/accounted": true/accounted": false/"#,
                "knows"
            ),
        ]
    }

    @Test("The script refuses an export that was forged, sums and all", arguments: Forgery.all)
    func refuses(_ forgery: Forgery) async throws {
        try await withFolder("accounted") { folder in
            let file = folder.appendingPathComponent("export/\(forgery.file)")
            let before = try Data(contentsOf: file)
            let sed = try await Tool.runBeside(
                ["sed", "-i", forgery.change, file.path],
                in: folder
            )
            #expect(sed.status == 0, "\(sed.output)")
            #expect(try Data(contentsOf: file) != before)
            if forgery.file != "manifest.json" {
                #expect(try await run("export: sums", in: folder).status != 0)
                let plain = try await run("export: all of it", in: folder)
                #expect(plain.status == 1)
                #expect(plain.output.contains("manifest"))
                // Who forges a file forges its sum as well.
                let sum = """
                    sum=$(sha256sum < export/\(forgery.file) | cut -c 1-64)
                    jq --arg sum "$sum" '(.files[] | select(.name == "\(forgery.file)")).sha256 = $sum
                        ' export/manifest.json > forged && mv forged export/manifest.json
                    """
                #expect(try await Tool.runBeside(["sh", "-e", "-c", sum], in: folder).status == 0)
            }
            let result = try await run("export: all of it", in: folder)
            #expect(result.status == 1)
            #expect(result.output.hasPrefix("does not hold: "))
            #expect(result.output.contains(forgery.reason), "\(result.output)")
        }
    }
}
