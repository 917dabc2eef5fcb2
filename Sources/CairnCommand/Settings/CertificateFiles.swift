// SPDX-License-Identifier: Apache-2.0
import CairnServer
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// The files of the server's certificate and of its private key.
struct CertificateFiles: Sendable {
    /// The chain of certificates, as PEM.
    let certificate: String
    /// The private key, as PEM.
    let privateKey: String

    /// Reads both files for a server that starts.
    func load() throws(CommandFailure) -> ServerCertificate {
        do throws(Mistake) {
            let (chain, key) = try read()
            do throws(InvalidCertificate) {
                return try ServerCertificate(chain: chain, privateKey: key)
            } catch {
                throw mistake(error)
            }
        } catch {
            throw .badInput(error.description)
        }
    }

    /// Reads both files anew for a server that runs.
    func reload(_ server: ServerCertificate) throws(Mistake) {
        let (chain, key) = try read()
        do throws(InvalidCertificate) {
            try server.replace(chain: chain, privateKey: key)
        } catch {
            throw mistake(error)
        }
    }

    /// Whether others than its owner may read the private key.
    var isKeyExposed: Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: privateKey)
        guard let mode = attributes?[.posixPermissions] as? Int else { return false }
        return mode & 0o077 != 0
    }

    private func read() throws(Mistake) -> (chain: [UInt8], key: [UInt8]) {
        guard let chain = FileManager.default.contents(atPath: certificate) else {
            throw Mistake(setting: .tlsCertificate, rule: "\(certificate) cannot be read")
        }
        guard let key = FileManager.default.contents(atPath: privateKey) else {
            throw Mistake(setting: .tlsPrivateKey, rule: "\(privateKey) cannot be read")
        }
        return (Array(chain), Array(key))
    }

    private func mistake(_ error: InvalidCertificate) -> Mistake {
        switch error {
        case .chain: Mistake(setting: .tlsCertificate, rule: "\(certificate) is no chain in PEM")
        case .key: Mistake(setting: .tlsPrivateKey, rule: "\(privateKey) is no key in PEM")
        case .mismatch:
            Mistake(
                setting: .tlsPrivateKey,
                rule: "\(privateKey) does not belong to the certificate in \(certificate)"
            )
        }
    }

    /// What is wrong with which file.
    struct Mistake: Error, CustomStringConvertible {
        let setting: Setting
        let rule: String

        /// Both, as a sentence.
        var description: String { "the setting \(setting.key) is not allowed: \(rule)" }
    }
}

/// Reads the server's certificate anew at each SIGHUP, and lives through one without TLS.
struct CertificateRenewal: Service {
    private let files: CertificateFiles?
    /// What the server shows; nil without TLS.
    let certificate: ServerCertificate?
    private let logger: Logger
    private let signals: UnixSignalsSequence

    /// Listens to the signal from now on, so that none ends a server that still opens its store.
    init(_ files: CertificateFiles?, _ certificate: ServerCertificate?, _ logger: Logger) async {
        self.files = files
        self.certificate = certificate
        self.logger = logger
        signals = await UnixSignalsSequence(trapping: .sighup)
        warn()
    }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            guard let files, let certificate else {
                logger.notice("SIGHUP: there is no certificate to read anew")
                continue
            }
            do throws(CertificateFiles.Mistake) {
                try files.reload(certificate)
                logger.notice("the certificate was read anew")
                warn()
            } catch {
                logger.error(
                    "the certificate cannot be read anew; the last one stays",
                    metadata: ["reason": "\(error)"]
                )
            }
        }
    }

    private func warn() {
        guard let files, files.isKeyExposed else { return }
        logger.warning(
            "others may read the private key of TLS; its mode should be 0600",
            metadata: ["file": "\(files.privateKey)"]
        )
    }
}
