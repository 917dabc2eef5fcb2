// SPDX-License-Identifier: Apache-2.0

import CairnServer
import Testing

@Suite("Whose address a request comes from")
struct TrustedProxiesTests {
    private func client(
        _ connection: String,
        _ forwarded: String...,
        trusting networks: [String] = ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"]
    ) throws -> String {
        let proxies = try #require(TrustedProxies(networks))
        let address = try #require(IPAddress(connection))
        return proxies.client(of: address, forwarded: forwarded).description
    }

    @Test("Without a trusted proxy it is the connection's, whatever is written")
    func untrusted() throws {
        #expect(try client("203.0.113.5") == "203.0.113.5")
        #expect(try client("203.0.113.5", "198.51.100.1") == "203.0.113.5")
        #expect(try client("10.0.0.1", "198.51.100.1", trusting: []) == "10.0.0.1")
        #expect(try client("11.0.0.1", "198.51.100.1") == "11.0.0.1")
        #expect(try client("192.0.2.8", "198.51.100.1") == "192.0.2.8")
        #expect(try client("2001:db8:2::1", "198.51.100.1") == "2001:db8:2::1")
    }

    @Test("Behind trusted proxies it is the rightmost address that is none of them")
    func trusted() throws {
        #expect(try client("10.0.0.1") == "10.0.0.1")
        #expect(try client("10.0.0.1", "198.51.100.1") == "198.51.100.1")
        #expect(try client("192.0.2.7", "198.51.100.1, 10.9.9.9") == "198.51.100.1")
        #expect(try client("2001:db8:1:ffff::1", "198.51.100.1") == "198.51.100.1")
        #expect(try client("10.0.0.1", "2001:DB8:2::0:1") == "2001:db8:2::1")
        // Several fields are one list, in order.
        #expect(try client("10.0.0.1", "198.51.100.1", "10.0.0.2,10.0.0.3") == "198.51.100.1")
        #expect(try client("10.0.0.1", "10.0.0.3 , 10.0.0.2") == "10.0.0.3")
    }

    @Test("What a client writes itself is never believed")
    func spoofed() throws {
        #expect(try client("10.0.0.1", "127.0.0.1, 198.51.100.1") == "198.51.100.1")
        #expect(try client("10.0.0.1", "10.0.0.2, 198.51.100.1, 10.0.0.3") == "198.51.100.1")
        #expect(try client("10.0.0.1", "127.0.0.1", "198.51.100.1") == "198.51.100.1")
    }

    @Test(
        "An entry that is no address ends the walk at the last one that is",
        arguments: [
            "", "unknown", "_hidden", "198.51.100.1:80", "[2001:db8::1]", "198.51.100",
            "198.51.100.01", "198.51.100.256", "0x7f.1", "fe80::1%eth0", "\"198.51.100.1\"",
            "198.51.100.1 x", "10.0.0.0/8", "::ffff:10.0.0.0.1",
            String(repeating: "1", count: 5000),
        ]
    )
    func malformed(_ entry: String) throws {
        #expect(try client("10.0.0.1", entry) == "10.0.0.1")
        #expect(try client("10.0.0.1", "203.0.113.5, \(entry), 10.0.0.9") == "10.0.0.9")
        #expect(try client("10.0.0.1", "\(entry), 203.0.113.5") == "203.0.113.5")
    }

    @Test("An address of IPv4 is the same when it is written as IPv6")
    func mapped() throws {
        #expect(try client("::ffff:10.0.0.1", "198.51.100.1") == "198.51.100.1")
        #expect(try client("10.0.0.1", "203.0.113.5, ::ffff:10.0.0.2") == "203.0.113.5")
        #expect(try client("10.0.0.1", "::ffff:203.0.113.5") == "203.0.113.5")
        #expect(try client("10.0.0.1", "203.0.113.5", trusting: ["::ffff:10.0.0.0"]) == "10.0.0.1")
    }

    @Test("Prefixes are compared bit by bit")
    func prefixes() throws {
        for bits in 0...32 {
            let network = ["198.51.100.170/\(bits)"]
            for bit in 0..<32 {
                var value = UInt32(198) << 24 | 51 << 16 | 100 << 8 | 170
                value ^= 1 << (31 - UInt32(bit))
                let other = "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
                let found = try client(other, "203.0.113.5", trusting: network)
                #expect(found == (bit >= bits ? "203.0.113.5" : other))
            }
        }
    }

    @Test(
        "A network that is none is refused",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
            "10.0.0.0/8/8", "::/129", "example.com", "10.0.0", "*", "10.0.0.0/ 8",
        ]
    )
    func mistakes(_ text: String) {
        #expect(TrustedProxies(["10.0.0.0/8", text]) == nil)
    }
}
