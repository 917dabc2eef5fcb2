// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The proxies whose word is taken for who the client is.
package struct TrustedProxies: Sendable {
    private let networks: [Network]

    /// Trusts nobody.
    package init() {
        networks = []
    }

    /// Trusts the networks, each an address or one with the length of its prefix (CIDR); nil if
    /// one of them is neither.
    package init?(_ texts: some Sequence<some StringProtocol>) {
        var networks: [Network] = []
        for text in texts {
            guard let network = Network(String(text)) else { return nil }
            networks.append(network)
        }
        self.networks = networks
    }

    /// How many networks are trusted.
    package var count: Int { networks.count }
    /// Whether one of them is all there is, so that anybody is believed.
    package var trustEverybody: Bool { networks.contains { $0.bits == 0 } }

    /// The client of a connection: the connection's own address, unless that is a trusted proxy's.
    ///
    /// Then the rightmost address of `X-Forwarded-For` that is not one.
    ///
    /// What a client writes there itself is to the left of that, and never read. An entry that is
    /// no address ends the walk at the one before.
    package func client(of connection: IPAddress, forwarded: [String]) -> IPAddress {
        guard trusts(connection) else { return connection }
        var client = connection
        let entries = forwarded.flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        for entry in entries.reversed() {
            guard let address = IPAddress(String(entry.trimmed)) else { return client }
            client = address
            guard trusts(address) else { return client }
        }
        return client
    }

    private func trusts(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }
}

/// An address of IPv4 or IPv6; one of IPv4 that is written as IPv6 is that of IPv4.
package struct IPAddress: Sendable, Equatable, CustomStringConvertible {
    /// Its 4 or 16 bytes.
    let bytes: [UInt8]
    /// The address as it is usually written.
    package let description: String

    /// Reads an address, without a port and without brackets.
    package init?(_ text: String) {
        // No zone of an interface, which means something on one machine alone.
        guard text.utf8.count <= 45, !text.contains("%"),
            let address = try? SocketAddress(ipAddress: text, port: 0)
        else { return nil }
        self.init(address)
    }

    /// The address of one end of a connection; nil if it is not one of the internet.
    init?(_ address: SocketAddress) {
        // The structures of the system have the address after family and port, and version 6 also
        // has a label before it.
        let range: Range<Int>
        switch address {
        case .v4: range = 4..<8
        case .v6: range = 8..<24
        case .unixDomainSocket: return nil
        }
        let bytes = address.withSockAddr { pointer, size in
            Array(UnsafeRawBufferPointer(start: pointer, count: size)[range])
        }
        let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
        if bytes.count == 16, bytes.starts(with: mapped) {
            self.bytes = Array(bytes[12...])
            description = bytes[12...].map { "\($0)" }.joined(separator: ".")
        } else {
            self.bytes = bytes
            description = address.ipAddress ?? ""
        }
    }
}

/// The addresses that share the first bits.
private struct Network: Sendable {
    private let address: IPAddress
    let bits: Int

    /// Reads `address/bits`, or an address alone.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        self.address = address
        let all = address.bytes.count * 8
        guard parts.count == 2 else {
            bits = all
            return
        }
        guard let bits = Int(parts[1]), (0...all).contains(bits), "\(bits)" == parts[1] else {
            return nil
        }
        self.bits = bits
    }

    func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = bits / 8
        guard other.bytes.prefix(whole).elementsEqual(address.bytes.prefix(whole)) else {
            return false
        }
        guard bits % 8 > 0 else { return true }
        return (other.bytes[whole] ^ address.bytes[whole]) >> (8 - bits % 8) == 0
    }
}
