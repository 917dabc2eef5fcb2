// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnLocal
import Glibc

/// Does one thing with an object in a folder, so that a test may stop it anywhere.
@main
enum ObjectWriter {
    /// `put FOLDER KEY BYTE COUNT`, `fresh` alike if there is none, or `delete FOLDER KEY`; the exit
    /// code is 0 when it is done, 3 when there is no room, 4 for any other error.
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 3, let key = ObjectKey(words[2]) else { exit(2) }
        do {
            let store = try await FileObjectStore(folder: words[1]) {
                Timestamp(nanoseconds: Int64(time(nil)) * 1_000_000_000)
            }
            if words[0] == "delete" {
                try await store.delete(key)
                return
            }
            guard words.count == 5, let byte = UInt8(words[3]), var left = Int(words[4])
            else { exit(2) }
            var options = ObjectOptions()
            options.onlyIfAbsent = words[0] == "fresh"
            options.metadata = ["byte": "\(byte)"]
            let bytes = AsyncThrowingStream<[UInt8], any Error> { continuation in
                while left > 0 {
                    continuation.yield([UInt8](repeating: byte, count: min(left, 100_000)))
                    left -= 100_000
                }
                continuation.finish()
            }
            _ = try await store.put(key, bytes, as: options)
        } catch {
            exit(error as? ObjectError == .full ? 3 : 4)
        }
    }
}
