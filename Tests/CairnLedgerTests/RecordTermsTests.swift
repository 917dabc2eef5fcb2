// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Testing

@Suite("The terms a record is found by")
struct RecordTermsTests {
    private let terms = RecordTerms(prefix: "7x")

    /// Whether the terms of a record admit a query: what an index may rely on.
    private func admits(_ written: [UInt8], _ query: RecordQuery) -> Bool {
        let words = Set(written.split { $0 == 0x20 || $0 == 0x0A }.map { Array($0) })
        func holds(_ term: String) -> Bool { words.contains(Array(term.utf8)) }
        func begins(_ term: String) -> Bool { words.contains { $0.starts(with: term.utf8) } }
        let filters = query.filters.allSatisfy { filter in
            filter.values.contains { value in
                guard filter.key == .type else { return holds(terms.term(filter.key, value)) }
                return value.last == "*"
                    ? begins(terms.term(type: value.dropLast())) : holds(terms.term(type: value))
            }
        }
        let text = query.text?.clauses.allSatisfy { clause in
            switch clause {
            case .phrase(let phrase):
                let row = phrase.map { terms.term(word: $0) }.joined(separator: " ")
                return written.contains(Array(" \(row) ".utf8))
            case .prefix(let prefix):
                return begins(terms.term(word: prefix))
            }
        }
        return filters && text ?? true
    }

    @Test("Every record that a query matches has the query's terms")
    func sound() throws {
        let seed: UInt64 = 100
        var sampler = EventSampler(seed: seed)
        var reference = ReferenceLedger()
        _ = reference.append(sampler.prepared(120))
        let written = reference.records.map { record in
            var output: [UInt8] = []
            if let fields = record.payload?.fields { terms.append(of: fields, to: &output) }
            return output
        }
        var matched = 0
        for number in 0..<60 {
            var query = RecordQuery()
            if number % 3 != 0 { query.filters = [sampler.filter()] }
            if number % 3 != 1 { query.text = sampler.text() }
            for (record, terms) in zip(reference.records, written) where query.matches(record) {
                matched += 1
                #expect(admits(terms, query), "seed \(seed), query \(number): \(query)")
            }
        }
        #expect(matched > 200)
    }

    @Test("Names and values of details that differ in bytes have other terms, and match apart")
    func canonicalEquivalence() throws {
        var sampler = EventSampler(seed: 101)
        for name in ["é", "e\u{301}"] {
            var event = sampler.event()
            event.details = JSONValue.object(JSONObject([(name, "x")])).canonical
            var reference = ReferenceLedger()
            let record = try #require(reference.append([sampler.prepare(event)]).records.first)
            var written: [UInt8] = []
            terms.append(of: try #require(record.payload).fields, to: &written)
            for asked in ["é", "e\u{301}"] {
                let isSame = asked.utf8.elementsEqual(name.utf8)
                let query = RecordQuery.ascending {
                    $0.filters = [Filter(.details(asked), ["x"])]
                }
                #expect(query.matches(record) == isSame)
                #expect(admits(written, query) == isSame)
            }
        }
    }

    @Test("Terms are apart by ledger, by key and by value")
    func apart() {
        let keys: [FilterKey] = [
            .action, .category, .outcome, .severity, .risk, .actorID, .actorType, .resourceType,
            .resourceID, .ip, .requestID, .sessionID, .externalID, .details("a"), .details("a.b"),
        ]
        var seen: Set<String> = []
        for prefix in ["", "1", "2"] {
            let terms = RecordTerms(prefix: prefix)
            for key in keys {
                for value in ["", "x", "X", "b", "é", "e\u{301}"] {
                    #expect(seen.insert(terms.term(key, value)).inserted, "\(key) \(value)")
                }
            }
        }
    }

    @Test("A document is walked scalar by scalar, with paths")
    func walks() throws {
        let document = try CanonicalJSON(
            parsing: #"""
                {"a":1.5,"b":[true,null,["x",{"c":"y\n"}]],"":{"":"e"},"q\"":"\\","z":{},"w":[]}
                """#
        )
        var found: [String] = []
        document.bytes.withUnsafeBytes { bytes in
            DocumentWalker.walk(bytes) { path, scalar, isString in
                let value = String(decoding: scalar, as: UTF8.self)
                found.append(
                    "\(String(decoding: path, as: UTF8.self))=\(value)\(isString ? "$" : "")"
                )
            }
        }
        #expect(
            found == ["=e$", "a=1.5", "b=true", "b=x$", "b.c=y\n$", "q\"=\\$"]
        )
    }

    @Test(
        "Bytes that are no document end the walk",
        arguments: [
            "", "{", "[", "{\"a", "{\"a\"", "{\"a\":", "[1", "\"", "{\"a\":\"\\", "]", "}", "[,",
            "{1}",
        ]
    )
    func walksGarbage(text: String) {
        Array(text.utf8).withUnsafeBytes { bytes in
            DocumentWalker.walk(bytes) { _, scalar, _ in #expect(scalar.count <= bytes.count) }
        }
    }
}
