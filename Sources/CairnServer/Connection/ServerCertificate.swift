// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// The certificate that the server shows to clients, with the private key that belongs to it.
///
/// It can be replaced while connections go on: each handshake takes the newest.
package final class ServerCertificate: Sendable {
    private let newest: Mutex<NIOSSLContextConfigurationOverride>

    /// Takes a chain of certificates, the server's own first, and a private key, both as PEM.
    package init(chain: [UInt8], privateKey: [UInt8]) throws(InvalidCertificate) {
        newest = Mutex(try Self.read(chain, privateKey))
    }

    /// Takes others from now on; those that hold stay when these are not good.
    package func replace(chain: [UInt8], privateKey: [UInt8]) throws(InvalidCertificate) {
        let read = try Self.read(chain, privateKey)
        newest.withLock { $0 = read }
    }

    /// TLS 1.2 with forward secrecy and authenticated ciphers, or TLS 1.3.
    var configuration: TLSConfiguration {
        var configuration = Self.configuration(newest.withLock { $0 })
        configuration.sslContextCallback = { [self] _, promise in
            promise.succeed(newest.withLock { $0 })
        }
        return configuration
    }

    private static func configuration(
        _ read: NIOSSLContextConfigurationOverride
    ) -> TLSConfiguration {
        guard let chain = read.certificateChain, let key = read.privateKey else {
            preconditionFailure("what was read has both")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: key
        )
        configuration.minimumTLSVersion = .tlsv12
        // A client that is gone does not say goodbye, and the end of the server waits for it.
        configuration.shutdownTimeout = .seconds(1)
        configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
        return configuration
    }

    private static func read(
        _ chain: [UInt8],
        _ privateKey: [UInt8]
    ) throws(InvalidCertificate) -> NIOSSLContextConfigurationOverride {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(chain), !certificates.isEmpty
        else { throw .chain }
        guard let key = try? NIOSSLPrivateKey(bytes: privateKey, format: .pem) else { throw .key }
        var read = NIOSSLContextConfigurationOverride()
        read.certificateChain = certificates.map { .certificate($0) }
        read.privateKey = .privateKey(key)
        // To make a context compares the two.
        guard (try? NIOSSLContext(configuration: configuration(read))) != nil else {
            throw .mismatch
        }
        return read
    }
}

/// Why a certificate and its private key are not taken.
package enum InvalidCertificate: Error {
    /// The chain holds no certificate that can be read.
    case chain
    /// The private key cannot be read.
    case key
    /// The two do not belong together.
    case mismatch
}
