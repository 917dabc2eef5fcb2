// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("Pages are true")
struct PageTests {
    private static let pages =
        Repository.files(endingIn: ".md").filter { !$0.hasPrefix("Tests/Vectors/") }

    @Test("Every relative link leads to a file, and to a heading that is there")
    func links() throws {
        var broken: [String] = []
        var count = 0
        for path in PageTests.pages {
            let page = try Page(path)
            for link in page.links where !link.contains("://") && !link.hasPrefix("mailto:") {
                count += 1
                if try !PageTests.leads(link, from: page) { broken.append("\(path): \(link)") }
            }
        }
        #expect(count > 20)
        #expect(broken.isEmpty, "\(broken.joined(separator: "\n"))")
    }

    private static func leads(_ link: String, from page: Page) throws -> Bool {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var target = page.path
        if !parts[0].isEmpty {
            var folders = page.path.split(separator: "/").dropLast()
            for part in parts[0].split(separator: "/") where part != "." {
                if part == ".." {
                    guard folders.popLast() != nil else { return false }
                } else {
                    folders.append(part)
                }
            }
            target = folders.joined(separator: "/")
            guard Repository.has(target) else { return false }
        }
        guard parts.count == 2, target.hasSuffix(".md") else { return true }
        return try Page(target).anchors.contains(String(parts[1]))
    }

    @Test(
        "Every test that a page names for a promise or an attack is there, under that name",
        arguments: [
            ("README.md", "What it promises"),
            ("docs/threat-model.md", "Attacks that the tests try"),
            ("docs/seeds.md", "Seed 000: an audit service of organisations"),
            ("docs/seeds.md", "Seed 001: a security log in an application"),
            ("docs/seeds.md", "Seed 002: a service with tenants, queues and search"),
            ("docs/seeds.md", "Seed 003: a write-once service with a hash chain"),
            ("docs/seeds.md", "Seed 004: a protocol with results"),
        ]
    )
    func promises(page: String, heading: String) throws {
        let rows = try Page(page).table(under: heading)
        #expect(rows.count >= 10)
        for row in rows {
            guard row.count == 3 else {
                Issue.record("a promise has no test: \(row)")
                continue
            }
            let file = row[2].filter { $0 != "`" }
            guard Repository.has(file) else {
                Issue.record("\(file) is not there")
                continue
            }
            let text = try Repository.text(file)
            #expect(text.contains("\"\(row[1])\""), "\(file) has no test named: \(row[1])")
        }
    }

    @Test("Every port of the README's status table is a protocol, and every protocol is in it")
    func ports() throws {
        let rows = try Page("README.md").table(under: "Status")
        let named = Set(rows.compactMap { $0.first?.filter { $0 != "`" } })
        let declared = try Repository.files(under: "Sources/CairnLedger/", endingIn: ".swift")
            .flatMap { path in
                SwiftSource(path: path, text: try Repository.text(path)).code.compactMap {
                    $0.firstMatch(of: /^package protocol (\w+)/).map { String($0.output.1) }
                }
            }
        #expect(named == Set(declared))
    }

    @Test("A decision says context, decision, consequences, and what would change it, in 60 lines")
    func decisions() throws {
        let paths = Repository.files(under: "docs/decisions/", endingIn: ".md")
        #expect(paths.count >= 10)
        for (number, path) in paths.enumerated() {
            let text = try Repository.text(path)
            let digits = String(number + 1)
            let prefix = String(repeating: "0", count: 4 - digits.count) + digits
            #expect(path.hasPrefix("docs/decisions/\(prefix)-"))
            #expect(
                text.split(separator: "\n", omittingEmptySubsequences: false).count <= 60,
                "\(path)"
            )
            let headings = try Page(path).prose.filter { $0.hasPrefix("## ") }.map(String.init)
            #expect(
                headings == [
                    "## Context", "## Decision", "## Consequences", "## What would change our mind",
                ],
                "\(path)"
            )
        }
    }

    @Test("The page of an adapter has the five headings", arguments: ["CairnLocal"])
    func adapters(module: String) throws {
        let headings = try Page("Sources/\(module)/README.md").prose
            .filter { $0.hasPrefix("## ") }.map(String.init)
        #expect(
            headings == [
                "## Needs", "## Life of an event here", "## What is trusted",
                "## What survives what", "## Tuning",
            ]
        )
    }

    @Test("Every block of Swift on a page of the SDK is code that the tests compile and run")
    func snippets() throws {
        let folders = ["CairnClientTests", "CairnEmbeddedTests", "CairnHummingbirdTests"]
        let sources = try folders.flatMap { folder in
            try Repository.files(under: "Tests/\(folder)/", endingIn: ".swift").map { path in
                PageTests.flush(try Repository.text(path))
            }
        }
        var count = 0
        for path in Repository.files(under: "Sources/CairnClient/", endingIn: ".md") {
            for block in try Page(path).blocks where block.language == "swift" {
                count += 1
                let code = PageTests.flush(block.text)
                #expect(
                    sources.contains { $0.contains(code) },
                    "\(path): no test has this code:\n\(block.text)"
                )
            }
        }
        #expect(count > 10)
    }

    /// The lines of a text without what they are indented by.
    private static func flush(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " } }.joined(separator: "\n")
    }

    @Test("A page's links, headings, tables and blocks are read as they are shown")
    func page() {
        let page = Page(
            path: "docs/a.md",
            text: """
                # A `title`, of sorts
                [one](b.md#c) and `[two](no.md)` and [three](<d e.md>)
                ## Table
                | a | b |
                | --- | --- |
                | 1 | `x` |
                ## Next
                ```sh
                [four](no.md)
                # no heading
                ```
                """
        )
        #expect(page.links == ["b.md#c"])
        #expect(page.anchors == ["a-title-of-sorts", "table", "next"])
        #expect(page.table(under: "Table") == [["1", "`x`"]])
        #expect(page.blocks.map(\.language) == ["sh"])
        #expect(page.blocks.map(\.text) == ["[four](no.md)\n# no heading\n"])
    }
}
