// SPDX-License-Identifier: Apache-2.0

import Cairn
import Foundation
import HTTPTypes
import Testing

/// Requests and the answers they must have, as `Tests/Golden/seeds/README.md` describes.
struct DialectTranscript {
    /// One request and its answer.
    struct Exchange {
        var line: Int
        var method = ""
        var uri = ""
        var body: String?
        var status = 0
        var answer: JSONValue?
    }

    let exchanges: [Exchange]

    init(_ name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "Golden/seeds/\(name).transcript")
        let lines = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        var exchanges: [Exchange] = []
        for (number, line) in lines.enumerated() {
            let text = String(line.dropFirst(2))
            switch line.first {
            case ">" where exchanges.last?.status != 0:
                var exchange = Exchange(line: number + 1)
                let words = text.split(separator: " ", maxSplits: 1).map(String.init)
                (exchange.method, exchange.uri) = (words[0], words[1])
                exchanges.append(exchange)
            case ">": exchanges[exchanges.count - 1].body = text
            case "<" where exchanges[exchanges.count - 1].status == 0:
                exchanges[exchanges.count - 1].status = try #require(Int(text))
            case "<": exchanges[exchanges.count - 1].answer = try JSONValue(parsing: text)
            default: continue
            }
        }
        self.exchanges = exchanges
    }

    /// Sends every request and holds the answers against what is expected.
    func play(_ client: Client, headers: [String: String] = [:]) async throws {
        var known: [String: JSONValue] = [:]
        for exchange in exchanges {
            var uri = exchange.uri
            for (name, value) in known { uri = uri.replacing("$\(name)", with: value.string ?? "") }
            let reply = try await client.send(
                try #require(HTTPRequest.Method(exchange.method)),
                uri,
                body: exchange.body,
                type: exchange.body == nil ? nil : "application/json",
                headers: headers
            )
            #expect(reply.status == exchange.status, "line \(exchange.line): \(reply.text)")
            guard let expected = exchange.answer else { continue }
            let found = try JSONValue(parsing: reply.text)
            #expect(
                Self.matches(found, expected, &known),
                "line \(exchange.line): \(reply.text) is not \(CanonicalJSON(expected).text)"
            )
        }
    }

    private static func matches(
        _ found: JSONValue,
        _ expected: JSONValue,
        _ known: inout [String: JSONValue]
    ) -> Bool {
        switch expected {
        case .string("*"): return true
        case .string(let text) where text.hasPrefix("$"):
            let name = String(text.dropFirst())
            if let value = known[name] { return value == found }
            known[name] = found
            return true
        case .array(let elements):
            guard let own = found.array, own.count == elements.count else { return false }
            return zip(own, elements).allSatisfy { matches($0, $1, &known) }
        case .object(let members):
            guard let own = found.object else { return false }
            let isOpen = members["..."] != nil
            guard isOpen || own.count == members.count else { return false }
            return members.allSatisfy { name, value in
                name == "..." || own[name].map { matches($0, value, &known) } == true
            }
        default: return found == expected
        }
    }
}
