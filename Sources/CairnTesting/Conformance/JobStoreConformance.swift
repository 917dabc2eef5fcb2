// SPDX-License-Identifier: Apache-2.0

package import CairnLedger
internal import Testing

/// One thing every store of jobs must do, as an argument for a parameterised test.
package struct JobStoreConformance: Sendable, CustomTestStringConvertible {
    /// The promise, as a sentence.
    package let testDescription: String
    /// Checks the promise against a fresh, empty store.
    package let check: @Sendable (any JobStore) async throws -> Void

    private init(
        _ testDescription: String,
        check: @escaping @Sendable (any JobStore) async throws -> Void
    ) {
        self.testDescription = testDescription
        self.check = check
    }

    /// Every promise a store of jobs makes.
    package static let all: [JobStoreConformance] = [
        .init("Jobs of a kind are read back by id, of all tenants, and those of others are not") {
            store in
            try await store.put("b", tenant: "acme", kind: "x", document: [2, 0, 255])
            try await store.put("a", tenant: "other", kind: "x", document: [])
            try await store.put("c", tenant: "acme", kind: "y", document: [3])
            let jobs = try await store.jobs(kind: "x")
            #expect(jobs.map(\.id) == ["a", "b"])
            #expect(jobs.map(\.tenant) == ["other", "acme"])
            #expect(jobs.map(\.document) == [[], [2, 0, 255]])
            let none = try await store.jobs(kind: "z")
            #expect(none.isEmpty)
        },
        .init("A job that is put again is in place of the first") { store in
            try await store.put("a", tenant: "acme", kind: "x", document: [1])
            try await store.put("a", tenant: "acme", kind: "x", document: [2])
            let jobs = try await store.jobs(kind: "x")
            #expect(jobs.map(\.document) == [[2]])
        },
        .init("A job is found by its id among those of its kind alone") { store in
            try await store.put("a", tenant: "acme", kind: "x", document: [1, 0])
            let found = try await store.job("a", kind: "x")
            #expect(found?.tenant == "acme" && found?.document == [1, 0])
            for (id, kind) in [("a", "y"), ("b", "x"), ("a\u{0}", "x"), ("", "x")] {
                let none = try await store.job(id, kind: kind)
                #expect(none == nil)
            }
        },
        .init("A job that is removed is gone, and one that is not there is no error") { store in
            try await store.put("a", tenant: "acme", kind: "x", document: [1])
            for id in ["a", "a", "b"] { try await store.remove(id) }
            let jobs = try await store.jobs(kind: "x")
            #expect(jobs.isEmpty)
        },
    ]
}
