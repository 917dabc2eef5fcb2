// SPDX-License-Identifier: Apache-2.0

import Cairn
import Foundation
import HTTPTypes
import Synchronization

/// Writes down every answer of the tests, so that `scripts/contract` can hold it against the
/// contract: one JSON object a line, in the file that `CAIRN_TRANSCRIPT` names.
final class Transcript: Sendable {
    static let shared = ProcessInfo.processInfo.environment["CAIRN_TRANSCRIPT"].flatMap {
        Transcript(path: $0)
    }

    private let file: Mutex<FileHandle>

    private init?(path: String) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: path) else { return nil }
        file = Mutex(handle)
    }

    func add(_ method: HTTPRequest.Method, _ uri: String, _ reply: Reply) {
        let line: JSONValue = [
            "method": .string(method.rawValue), "uri": .string(uri),
            "status": .number(JSONNumber(reply.status)),
            "type": .string(reply.header("Content-Type") ?? ""),
            "body": .string(reply.text),
        ]
        let bytes = line.canonical.bytes + [UInt8(ascii: "\n")]
        file.withLock { $0.write(Data(bytes)) }
    }
}
