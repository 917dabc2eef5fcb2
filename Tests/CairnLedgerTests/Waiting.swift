// SPDX-License-Identifier: Apache-2.0

import Testing

/// Waits until something is so.
func wait(until isSo: () async throws -> Bool) async throws {
    for _ in 0..<2000 {
        if try await isSo() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("it does not come to that")
}
