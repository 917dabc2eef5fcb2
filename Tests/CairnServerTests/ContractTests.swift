// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import Foundation
import HTTPTypes
import Testing

@Suite("The contract")
struct ContractTests {
    private static func page(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test("The served document is docs/openapi.yaml, byte for byte")
    func served() async throws {
        let page = try Self.page("docs/openapi.yaml")
        #expect(Array(OpenAPIDocument.text.utf8) == Array(page.utf8))
        try await withServer { client, _ in
            let reply = try await client.get("/openapi.yaml")
            #expect(reply.header("Content-Type") == "application/yaml")
            #expect(reply.text == page)
        }
    }

    @Test("Every route is documented, and every documented route is there")
    func routes() throws {
        var documented: Set<String> = []
        var path = ""
        let methods: Set<Substring> = ["get", "post", "put", "delete", "patch", "head"]
        for line in OpenAPIDocument.text.split(separator: "\n") {
            if line.hasPrefix("components:") { break }
            if line.hasPrefix("  /"), line.hasSuffix(":") {
                path = String(line.dropFirst(2).dropLast())
            } else if line.hasPrefix("    "), line.hasSuffix(":"),
                methods.contains(line.dropFirst(4).dropLast())
            {
                documented.insert("\(line.dropFirst(4).dropLast().uppercased()) \(path)")
            }
        }
        let setting = try ServerSetting.make()
        let registered = Set(setting.server.contract.map { "\($0.method) \($0.path)" })
        #expect(documented == registered)
        #expect(registered.count == 58)
    }

    @Test("Every code of a problem is in the document and in the list of problems, both ways")
    func problems() throws {
        let codes = Set(Problem.Code.allCases.map(\.rawValue))
        let headings = try Self.page("docs/problems.md").split(separator: "\n")
            .filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
        #expect(Set(headings) == codes)
        #expect(headings.count == codes.count)
        let schema = try #require(
            OpenAPIDocument.text.components(separatedBy: "    Problem:\n").last
        )
        let documented = schema.split(separator: "\n")
            .filter { $0.hasPrefix("            - ") }.map { String($0.dropFirst(14)) }
        #expect(Set(documented) == codes)
    }

    @Test("The list of problems says of each its status, and what either side can do")
    func remedies() throws {
        let page = try Self.page("docs/problems.md")
        for section in page.components(separatedBy: "\n## ").dropFirst() {
            let code = section.prefix { $0 != "\n" }
            for part in ["Status ", "*Caller:*", "*Operator:*"] {
                #expect(section.contains(part), "\(code) has no \(part)")
            }
        }
    }
}
