// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("Sources are tidy")
struct SourceTests {
    /// Every Swift file but the manifest, read once for all tests.
    private static let sources = Result {
        try Repository.swiftFiles.map { SwiftSource(path: $0, text: try Repository.text($0)) }
    }

    /// The Swift files of the modules.
    private static func sourcesOfModules() throws -> [SwiftSource] {
        try sources.get().filter { $0.path.hasPrefix("Sources/") }
    }

    private static func sample(_ text: String, at path: String) -> SwiftSource {
        SwiftSource(path: path, text: SourceRules.licence + "\n" + text)
    }

    // MARK: The project

    @Test("A module imports only what its row of the table allows")
    func imports() throws {
        let sources = try SourceTests.sourcesOfModules()
        #expect(sources.count > 100)
        let findings = sources.flatMap(ModuleRules.findings)
        #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    }

    @Test("Every module of the table is there, and no other")
    func modules() {
        let modules = Set(
            Repository.files(under: "Sources/", endingIn: ".swift").compactMap {
                $0.split(separator: "/").dropFirst().first.map(String.init)
            }
        )
        #expect(modules == Set(ModuleRules.allowed.keys))
    }

    @Test("No source prints, forces, escapes a check, puts work off, or goes without a licence")
    func rules() throws {
        let findings = try SourceTests.sources.get().flatMap(SourceRules.findings)
        #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    }

    @Test("Everything that a module declares for others is documented")
    func documentation() throws {
        let sources = try SourceTests.sourcesOfModules()
        let rules = DocumentationRules(sources: sources)
        let findings = sources.flatMap(rules.findings)
        #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    }

    @Test("No text names a folder of a machine or a host that is not public")
    func texts() throws {
        // Test data from elsewhere, and this rule's own samples, name what they name.
        let files = Repository.files.filter {
            !$0.hasPrefix("Tests/Vectors/") && !$0.hasPrefix("Tests/TidyTests/")
                && !$0.hasPrefix("Tests/EndToEndTests/Samples/")
        }
        var findings: [String] = []
        for file in files {
            // What is no text has no lines to look at.
            guard let text = try? Repository.text(file) else { continue }
            findings += TextRules.findings(in: text, of: file)
        }
        #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    }

    // MARK: The rules themselves

    @Test(
        "An import outside the table is found, whatever stands before it",
        arguments: [
            ("Cairn", "import Foundation"), ("Cairn", "internal import Logging"),
            ("CairnLedger", "package import NIOCore"), ("CairnLedger", "import struct GRDB.Row"),
            ("CairnServer", "@testable import CairnLocal"), ("CairnAPI", "import CairnLedger"),
            ("Strange", "import Cairn"),
        ]
    )
    func foundImport(module: String, line: String) {
        let source = SourceTests.sample(line, at: "Sources/\(module)/File.swift")
        #expect(ModuleRules.findings(in: source).count == 1)
    }

    @Test(
        "An allowed import, and the word in a comment or a text, is let be",
        arguments: [
            ("Cairn", "internal import Crypto"), ("CairnLedger", "internal import Synchronization"),
            ("Cairn", "// import Foundation"), ("Cairn", "let text = \"import Foundation\""),
        ]
    )
    func allowedImport(module: String, line: String) {
        let source = SourceTests.sample(line, at: "Sources/\(module)/File.swift")
        #expect(ModuleRules.findings(in: source).isEmpty)
    }

    @Test(
        "Each broken rule is found",
        arguments: [
            "print(1)", "    print(\"a\")", "let a = try" + "! b()", "Task { a() }",
            "Task.detached { a() }", "final class A: @unchecked" + " Sendable {}",
            "nonisolated(" + "unsafe) var a = 1", "// TO" + "DO: later", "/* FIX" + "ME */",
            String(repeating: "\n", count: SourceRules.lineLimit),
        ]
    )
    func foundRule(text: String) {
        let source = SourceTests.sample(text, at: "Sources/CairnLedger/File.swift")
        #expect(SourceRules.findings(in: source).count == 1)
    }

    @Test(
        "What only looks like a broken rule is let be",
        arguments: [
            "let a = \"print(1)\"", "// print(1)", "fingerprint(1)", "output.print(1)",
            "func print(_ text: String) {}", "let a = \"\\(b(\"print(1)\"))\"",
            "let a = #\"try" + "! \"b\" \"#", "let a = \"\"\"\n    print(1)\n    \"\"\"",
            "withTask { a() }", "let a: Task<Void, Never>",
        ]
    )
    func letBe(text: String) {
        let source = SourceTests.sample(text, at: "Sources/CairnLedger/File.swift")
        #expect(SourceRules.findings(in: source).isEmpty)
    }

    @Test("A source without the licence's line is found")
    func licence() {
        let source = SwiftSource(path: "Sources/Cairn/File.swift", text: "let a = 1\n")
        #expect(SourceRules.findings(in: source).count == 1)
    }

    @Test(
        "A declaration for others without a comment is found",
        arguments: [
            "public struct A {}", "package func a() {}", "    public static let a = 1",
            "public private(set) var a = 1", "@inlinable public func a() {}",
            "package init(a: Int) {}", "public final class A {}", "public protocol A {}",
            "package nonisolated let a = 1", "nonisolated package let a = 1",
            "/// A comment.\n\npublic enum A {}", "// No documentation.\npublic actor A {}",
        ]
    )
    func undocumented(text: String) {
        let source = SourceTests.sample(text, at: "Sources/Cairn/File.swift")
        #expect(DocumentationRules(sources: []).findings(in: source).count == 1)
    }

    @Test(
        "A documented, internal or inherited declaration is let be",
        arguments: [
            "/// A.\npublic struct A {}", "/// A.\n@inlinable\npublic func a() {}", "func a() {}",
            "package static let a = \"/v1/a\"",
            "public import Cairn", "public extension A {}", "package var description: String",
            "public func hash(into hasher: inout Hasher) {}", "// public func a() {}",
            "public static func == (a: A, b: A) -> Bool {", "package func required() {}",
        ]
    )
    func documented(text: String) {
        let port = SourceTests.sample(
            "/// A port.\npackage protocol Port {\n    func required()\n}",
            at: "Sources/CairnLedger/Port.swift"
        )
        let source = SourceTests.sample(text, at: "Sources/CairnLedger/File.swift")
        #expect(DocumentationRules(sources: [port]).findings(in: source).isEmpty)
    }

    @Test(
        "A machine's folder or a private host is found in any text",
        arguments: [
            "see /" + "home/somebody/cairn", "`/" + "work/main`",
            "http://mirror." + "internal:8080/simple",
            "https://registry.company.io",
        ]
    )
    func foundText(text: String) {
        #expect(TextRules.findings(in: text, of: "a.md").count == 1)
    }

    @Test(
        "A public host, an example and another path are let be",
        arguments: [
            "https://github.com/apple/swift-crypto", "http://127.0.0.1:8000/v1", "docs/work/a.md",
            "https://audit.example.com/v1", "http://HOST:PORT", "$HOME/work/cairn",
        ]
    )
    func publicText(text: String) {
        #expect(TextRules.findings(in: text, of: "a.md").isEmpty)
    }
}
