// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import CairnLedger
internal import NIOPosix

/// Why S3 did not do what it was asked.
enum S3Failure: Error {
    /// It answered so; the code is one of its words, or empty.
    case answered(status: Int, code: String)
    /// It did not answer, or not in time; whether the request was done is not known.
    case silent(String)
    /// There is nothing to sign with.
    case noCredentials(String)

    /// Tells what an answer says, which is believed only where it looks like one of S3's words.
    init(status: Int, body: [UInt8]) {
        let code = (try? XMLNode(parsing: body))?["Code"]?.text ?? ""
        let isWord =
            (1...64).contains(code.utf8.count)
            && code.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0)
                    || (0x30...0x39).contains($0)
            }
        self = .answered(status: status, code: isWord ? code : "")
    }

    /// Tells why there is no answer.
    init(sending error: any Error) {
        switch error {
        case let error as S3Failure: self = error
        case let error as CredentialFailure: self = .noCredentials(error.description)
        case let error as HTTPClientError
        where [.deadlineExceeded, .readTimeout, .writeTimeout].contains(error):
            self = .silent("S3 does not answer in time")
        case let error as HTTPClientError where error == .connectTimeout:
            self = .silent("S3 cannot be connected to in time")
        case is NIOConnectionError: self = .silent("S3 cannot be connected to")
        default: self = .silent("the connection to S3 was lost")
        }
    }

    var status: Int? {
        if case .answered(let status, _) = self { status } else { nil }
    }

    var code: String? {
        if case .answered(_, let code) = self { code } else { nil }
    }

    /// Whether the same request may work after a pause.
    var mayPass: Bool {
        switch self {
        case .silent: true
        case .noCredentials: false
        case .answered(let status, let code):
            [429, 500, 502, 503, 504].contains(status)
                || ["RequestTimeout", "SlowDown", "InternalError", "OperationAborted"]
                    .contains(code)
                || status == 409 && code == "ConditionalRequestConflict"
        }
    }

    /// Whether other credentials than these may work.
    func isOf(_ credentials: AWSCredentials) -> Bool {
        switch code {
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken",
            "InvalidAccessKeyId":
            true
        // An answer to HEAD does not say why; keys without an end may have been replaced.
        case "": [400, 403].contains(status) && credentials.expiresAt == nil
        default: false
        }
    }

    /// The failure in the language of the port.
    var told: ObjectError {
        switch self {
        case .silent(let reason): return .unavailable(reason)
        case .noCredentials(let reason): return .refused(reason)
        case .answered(let status, let code):
            let word = code.isEmpty ? "\(status)" : code
            switch (status, code) {
            case (404, "NoSuchBucket"): return .refused("there is no such bucket")
            case (404, _): return .missing
            case (412, _): return .exists
            case (_, "BadDigest"), (_, "InvalidDigest"), (_, "XAmzContentSHA256Mismatch"),
                (_, "XAmzContentChecksumMismatch"):
                return .checksum
            case (_, "InvalidObjectState"):
                return .unsupported(
                    "the object is archived, and must be restored before it is read"
                )
            case (_, "InvalidRequest"), (_, "ObjectLockConfigurationNotFoundError"),
                (_, "InvalidBucketState"), (501, _), (_, "InvalidStorageClass"):
                return .unsupported("S3 says \(word)")
            case (507, _), (_, "QuotaExceeded"), (_, "StorageFull"): return .full
            case (429, _), (409, _), (500..., _), (_, "RequestTimeout"), (_, "SlowDown"):
                return .unavailable("S3 says \(word)")
            default: return .refused("S3 says \(word)")
            }
        }
    }
}
