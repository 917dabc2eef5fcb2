// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Realistic events of about 500 bytes, the same for every run.
enum SampleEvents {
    static func make(_ count: Int) -> [[UInt8]] {
        var state: UInt64 = 42
        func draw(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
        let words = (0..<2000).map { "w\(String($0 * 7919, radix: 36))ord" }
        let types = [
            "user.login", "user.logout", "data.read", "data.update", "data.create",
            "authz.permission_denied", "config.changed", "data.export",
        ]
        return (0..<count).map { number in
            // Small numbers are common, as actors and resources are in life.
            let user = draw(draw(10_000) + 1)
            let document = draw(draw(100_000) + 1)
            let note = (0..<12).map { _ in words[draw(draw(words.count) + 1)] }
            let second = 1_767_225_600 + number / 50
            let date = Date(timeIntervalSince1970: Double(second))
            let time = date.ISO8601Format()
            let text = """
                {"type":"\(types[draw(types.count)])","outcome":"\(draw(20) == 0 ? "failure" : "success")",\
                "severity":"info","risk":"\(["low", "low", "low", "medium", "high"][draw(5)])",\
                "occurred_at":"\(time)","actor":{"type":"user","id":"user-\(user)",\
                "email":"user-\(user)@example.com"},"resources":[{"type":"document",\
                "id":"doc-\(document)"}],"source":{"ip":"10.\(draw(8)).\(draw(256)).\(draw(256))",\
                "user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",\
                "request_id":"r-\(number)"},"details":{"method":"password","bytes":\(draw(100_000)),\
                "note":"\(note.joined(separator: " "))"}}
                """
            return Array(text.utf8)
        }
    }
}
