// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnServer
import CairnTesting
import HTTPTypes
import Testing

@Suite("Proofs and the ledger")
struct ProofTests {
    @Test("A proof document verifies with nothing but the key of /v1/ledger")
    func document() async throws {
        try await withServer { client, _ in
            let ids = try await client.record(5)
            let ledger = try await client.get("/v1/ledger").json
            let key = try NoteVerifierKey(parsing: try #require(ledger["public_key"]?.string))
            for id in ids {
                let reply = try await client.get("/v1/events/\(id)/proof")
                #expect(reply.status == 200)
                let verdict = Verifier(key: key).verdict(on: try RecordProof(parsing: reply.bytes))
                guard case .holds(let checkpoint, let leaf) = verdict else {
                    Issue.record("\(verdict)")
                    continue
                }
                #expect(checkpoint.size == 5)
                #expect(leaf.id.text == id)
            }
        }
    }

    @Test("The seed is in no answer")
    func seed() async throws {
        try await withServer { client, setting in
            let id = try await client.record(1)[0]
            let record = setting.memory.contents(of: setting.tenant.ledger)?.records[0]
            let seed = try #require(record?.payload?.seed)
            // A salt of an absent path derives from the seed alone.
            let salt = Commitment.salt(seed: seed, path: .known(.risk)).base64URL
            for path in ["/v1/events/\(id)", "/v1/events/\(id)/proof", "/v1/events"] {
                let reply = try await client.get(path)
                #expect(!reply.text.contains(salt))
                #expect(!reply.text.contains("seed"))
            }
        }
    }

    @Test("A tlog-proof file verifies with the leaf and the key")
    func file() async throws {
        try await withServer { client, setting in
            let id = try await client.record(3)[1]
            let reply = try await client.get(
                "/v1/events/\(id)/proof",
                headers: ["Accept": "text/plain"]
            )
            #expect(reply.header("Content-Type") == "text/plain; charset=utf-8")
            let proof = try TLogProof(parsing: reply.text)
            let leaf = try #require(
                setting.memory.contents(of: setting.tenant.ledger)?.records[1]?.leafHash
            )
            let checkpoint = try proof.verify(
                leafHash: leaf,
                policy: TrustPolicy(logKeys: [setting.key], witnesses: [], quorum: 0),
                origin: nil
            )
            #expect(checkpoint.size == 3)
            let both = try await client.get(
                "/v1/events/\(id)/proof",
                headers: ["Accept": "application/json, text/plain, */*"]
            )
            #expect(both.header("Content-Type") == "application/json")
        }
    }

    @Test("A proof of a size is given for sizes that were signed")
    func sizes() async throws {
        try await withServer { client, setting in
            let id = try await client.record(2)[0]
            #expect(try await client.get("/v1/checkpoint").status == 200)
            try await client.record(2)
            for size in [2, 4] {
                let reply = try await client.get("/v1/events/\(id)/proof?size=\(size)")
                let proof = try RecordProof(parsing: reply.bytes)
                #expect(proof.inclusion.size == UInt64(size))
                #expect(Verifier(key: setting.key).verdict(on: proof).holds)
            }
            try await client.get("/v1/events/\(id)/proof?size=3")
                .expectProblem(404, "checkpoint_not_found")
            try await client.get("/v1/events/\(id)/proof?size=5")
                .expectProblem(400, "invalid_parameter", field: "size")
            try await client.get("/v1/events/\(id)/proof?size=0")
                .expectProblem(400, "invalid_parameter", field: "size")
            try await client.get("/v1/events/\(id)/proof?size=x")
                .expectProblem(400, "invalid_parameter", field: "size")
        }
    }

    @Test("The ledger says its origin, size, root, chain and key")
    func ledger() async throws {
        try await withServer { client, setting in
            let empty = try await client.get("/v1/ledger").json
            #expect(empty["size"] == 0)
            #expect(empty["root"]?.string == Digest.emptyRoot.hex)
            #expect(empty["hash"]?.string == Chain.start(origin: setting.tenant.origin).hex)
            try await client.record(3)
            let reply = try await client.get("/v1/ledger")
            let head = try #require(setting.memory.contents(of: setting.tenant.ledger)?.head)
            #expect(reply.json["origin"]?.string == setting.tenant.origin)
            #expect(reply.json["size"] == 3)
            #expect(reply.json["root"]?.string == head.frontier.root.hex)
            #expect(reply.json["hash"]?.string == head.chain.hex)
            #expect(reply.json["public_key"]?.string == setting.key.description)
        }
    }

    @Test("A checkpoint covers every record acknowledged before the request")
    func checkpoint() async throws {
        try await withServer { client, setting in
            for size in 1...3 {
                try await client.record(1)
                let reply = try await client.get("/v1/checkpoint")
                #expect(reply.header("Content-Type") == "text/plain; charset=utf-8")
                let checkpoint = try Checkpoint.open(
                    try SignedNote(parsing: reply.text),
                    origin: nil,
                    keys: [setting.key]
                )
                #expect(checkpoint.size == UInt64(size))
                let tiles = try await client.get("/tlog/\(setting.tenant.ledger)/checkpoint")
                #expect(tiles.text == reply.text)
            }
        }
    }

    @Test("Consistency between any two sizes holds for their roots")
    func consistency() async throws {
        try await withServer { client, setting in
            try await client.record(7)
            let contents = try #require(setting.memory.contents(of: setting.tenant.ledger))
            var roots: [Digest] = []
            var frontier = Frontier()
            for index in 0..<UInt64(7) {
                frontier.append(try #require(contents.records[index]?.leafHash))
                roots.append(frontier.root)
            }
            for from in 1...7 {
                for to in from...7 {
                    let reply = try await client.get("/v1/consistency?from=\(from)&to=\(to)")
                    #expect(reply.json["from"]?.integer == from)
                    #expect(reply.json["to"]?.integer == to)
                    let path = try #require(reply.json["proof"]?.array).compactMap {
                        $0.string.flatMap { Digest(hex: $0) }
                    }
                    let proof = ConsistencyProof(from: UInt64(from), to: UInt64(to), path: path)
                    #expect(proof.holds(from: roots[from - 1], to: roots[to - 1]))
                }
            }
            #expect(try await client.get("/v1/consistency?from=2").json["to"] == 7)
        }
    }

    @Test(
        "Consistency of sizes that cannot be is 400 naming the parameter",
        arguments: [
            ("", "from"), ("from=0&to=1", "from"), ("from=2&to=1", "from"), ("from=1&to=4", "to"),
            ("from=x", "from"), ("from=1&to=-1", "to"), ("from=1&from=2", "from"),
        ]
    )
    func inconsistent(query: String, field: String) async throws {
        try await withServer { client, _ in
            try await client.record(3)
            try await client.get("/v1/consistency?\(query)")
                .expectProblem(400, "invalid_parameter", field: field)
        }
    }

    @Test("Tiles and bundles alone give back the root of the checkpoint")
    func tiles() async throws {
        try await withServer { client, setting in
            let events = (0..<600).map { _ in #"{"type":"a.b","actor":{"id":"u"}}"# }
            _ = try await client.stream(events.joined(separator: "\n"))
            let prefix = "/tlog/\(setting.tenant.ledger)"
            let note = try await client.get("\(prefix)/checkpoint")
            let checkpoint = try Checkpoint.open(
                try SignedNote(parsing: note.text),
                origin: nil,
                keys: [setting.key]
            )
            #expect(checkpoint.size == 600)
            var frontier = Frontier()
            for (number, width) in [256, 256, 88].enumerated() {
                let suffix = width == 256 ? "" : ".p/\(width)"
                let tile = try await client.get("\(prefix)/tile/0/00\(number)\(suffix)")
                #expect(tile.status == 200)
                #expect(
                    tile.header("Cache-Control") == "public, max-age=31536000, immutable"
                )
                #expect(tile.header("Content-Type") == "application/octet-stream")
                let bundle = try await client.get("\(prefix)/tile/entries/00\(number)\(suffix)")
                let leaves = try #require(EntryBundle.decode(bundle.bytes)).map(Digest.leaf)
                #expect(Tile(bytes: tile.bytes, width: width)?.hashes == leaves)
                for leaf in leaves { frontier.append(leaf) }
            }
            #expect(frontier.root == checkpoint.root)
            let upper = try await client.get("\(prefix)/tile/1/000.p/2")
            #expect(upper.bytes.count == 64)
            // A partial tile stays, whatever came after it.
            #expect(try await client.get("\(prefix)/tile/0/001.p/7").bytes.count == 7 * 32)
        }
    }

    @Test(
        "A tile that is not, or not yet, or is of another ledger, is 404",
        arguments: [
            "0/000", "0/000.p/4", "0/001", "0/0", "0/000.p/0", "0/000.p/256", "1/000.p/1",
            "64/000", "x/000", "entries/000", "entries/000.p/4", "0/000/", "0", "",
        ]
    )
    func absentTile(path: String) async throws {
        try await withServer { client, setting in
            try await client.record(3)
            let reply = try await client.get("/tlog/\(setting.tenant.ledger)/tile/\(path)")
            #expect(reply.status == 404)
            let other = try await client.get(
                "/tlog/\(Tenant.other.ledger)/tile/0/000.p/3"
            )
            other.expectProblem(404, "not_found")
            #expect(
                try await client.get("/tlog/\(setting.tenant.ledger)/tile/0/000.p/3").status == 200
            )
        }
    }
}
