// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import CairnAPI
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension ClientError {
    /// Tells an answer that is not a success.
    init(status: Int, problem: ProblemBody?, retryAfter: Duration?) {
        let instance = problem?.requestID.map { ProblemBody.instancePrefix + $0 }
        let said = problem?.sentence ?? "the server answers \(status)"
        let code: Code
        var remedy = ""
        switch status {
        // Only the server itself says that an event is wrong; a gateway speaks of the request.
        case 400 where problem != nil, 413 where problem != nil, 422 where problem != nil:
            code = .invalidEvent
        case 409 where problem != nil: code = .conflict
        case 401, 403:
            code = .unauthorized
            remedy = "; check the API key and its scopes"
        case 408, 429: code = .overloaded
        case 500...599: code = .unavailable
        default:
            code = .unexpectedAnswer
            remedy = "; check the server's URL"
        }
        self.init(
            code,
            said + remedy,
            instance: instance,
            retryAfter: retryAfter,
            // A gateway does not know what became of a request; the server itself says when it
            // does not.
            mayBeRecorded: status >= 500 && (problem == nil || problem?.code == "indeterminate")
        )
    }

    /// Tells why there was no answer.
    init(sending error: any Error) {
        let known = error as? HTTPClientError
        if error is CancellationError || known == .cancelled {
            self.init(
                .cancelled,
                "the task was cancelled before the server answered",
                mayBeRecorded: true
            )
        } else if known == .connectTimeout {
            self.init(.timedOut, "the server cannot be connected to in time", cause: error)
        } else if known == .deadlineExceeded || known == .readTimeout {
            self.init(
                .timedOut,
                "the server does not answer in time",
                cause: error,
                mayBeRecorded: true
            )
        } else {
            let isUnsent =
                error is NIOConnectionError || (error as? IOError)?.errnoCode == ECONNREFUSED
            self.init(
                .unavailable,
                "the server cannot be reached; check its URL and that it runs",
                cause: error,
                mayBeRecorded: !isUnsent
            )
        }
    }
}

extension ProblemBody {
    /// The problem in a line, for people.
    fileprivate var sentence: String {
        let reasons = errors.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        let rest = reasons.isEmpty ? detail.map { [$0] } ?? [] : reasons
        return ([title.isEmpty ? code : title] + rest).joined(separator: ": ")
    }
}
