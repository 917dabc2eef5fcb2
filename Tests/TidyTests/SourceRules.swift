// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What no source may hold.
enum SourceRules {
    static let licence = "// SPDX-License-Identifier: Apache-2.0"
    static let lineLimit = 400

    /// Files that hold a document as text, and are as long as it is.
    private static let documents: Set<String> = ["Sources/CairnServer/OpenAPIDocument.swift"]
    /// Texts that no code may hold.
    private static let forbidden = [
        "try" + "!", "@unchecked" + " Sendable", "nonisolated(" + "unsafe)",
    ]
    /// Words for work that was put off; not even comments may hold them.
    private static let postponed = ["TO" + "DO", "FIX" + "ME"]
    /// Where a program speaks to people.
    private static let speaks = ["Sources/CairnCommand/", "Benchmarks/", "Tests/"]

    /// Where a task is started because nothing else would do.
    ///
    /// Nothing else is not cancelled with its caller: what was done is recorded even then, and what was
    /// begun is tidied up. And nothing else can be left behind, as a handler of an application is that does
    /// not heed cancellation.
    private static let shields: Set<String> = [
        "Sources/CairnClient/Calls/AuditRecorder+Operations.swift",
        "Sources/CairnClient/Observation/Observers.swift",
        "Sources/CairnAWS/S3/S3Upload.swift",
    ]

    /// Everything in a source that breaks a rule.
    static func findings(in source: SwiftSource) -> [String] {
        var found: [String] = []
        if source.lines.first.map(String.init) != licence {
            found.append(source.finding(0, "the first line is not the licence's"))
        }
        // A file that ends in a line feed splits into one line more than it has.
        if source.lines.count - 1 > lineLimit, !documents.contains(source.path) {
            found.append(source.finding(lineLimit, "the file has more than \(lineLimit) lines"))
        }
        let mayPrint = speaks.contains { source.path.hasPrefix($0) }
        for (number, line) in source.code.enumerated() {
            for text in forbidden where line.contains(text) {
                found.append(source.finding(number, text))
            }
            if !mayPrint, calls("print", in: line) {
                found.append(source.finding(number, "prints outside CairnCommand"))
            }
            if !mayPrint, !shields.contains(source.path),
                calls("Task", in: line, with: "{") || line.contains("Task.detached")
            {
                found.append(source.finding(number, "starts a task of its own"))
            }
        }
        for (number, line) in source.lines.enumerated() {
            for word in postponed where line.contains(word) {
                found.append(source.finding(number, word))
            }
        }
        return found
    }

    /// Whether a line calls a free function of this name, or one with a trailing closure.
    private static func calls(
        _ name: String,
        in line: Substring,
        with opening: Character = "("
    ) -> Bool {
        var rest = line
        while let range = rest.firstRange(of: name) {
            let before = line[..<range.lowerBound].last
            let after = line[range.upperBound...].first { $0 != " " || opening == "(" }
            let isName =
                before.map { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" } ?? false
            if !isName, after == opening, !line[..<range.lowerBound].hasSuffix("func ") {
                return true
            }
            rest = rest[range.upperBound...]
        }
        return false
    }
}

/// What no text of the project may hold, of whatever kind it is.
enum TextRules {
    /// Folders of somebody's machine.
    private static let machinePaths = ["work", "home", "root", "Users"].map { "/\($0)/" }
    /// Public hosts that texts name; other hosts are example names, or somebody's own.
    private static let publicHosts: Set<String> = [
        "github.com", "c2sp.org", "www.apache.org", "www.rfc-editor.org", "www.swift.org",
        "download.swift.org", "swift.org", "json-schema.org", "spec.openapis.org", "semver.org",
        "keepachangelog.com", "creativecommons.org", "schemas.openxmlformats.org",
    ]
    /// Addresses for documentation (RFC 5737).
    private static let documentation = ["192.0.2.", "198.51.100.", "203.0.113."]
    /// Names that stand for a host (RFC 2606, RFC 6761), and the machine itself.
    private static let reserved = [
        "example", "example.com", "example.org", "example.net", "test", "invalid", "localhost",
    ]

    /// Machine paths and private hosts in a text.
    static func findings(in text: String, of path: String) -> [String] {
        // Most texts have neither, and a look at the whole is quicker than one at each line.
        guard (machinePaths + ["http"]).contains(where: { text.range(of: $0) != nil }) else {
            return []
        }
        var found: [String] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            for folder in machinePaths where holds(line, path: folder) {
                found.append("\(path):\(number + 1): names a folder of a machine, \(folder)")
            }
            guard line.contains("http") else { continue }
            for match in line.matches(of: /https?:\/\/([A-Za-z0-9.-]+)/) {
                let host = String(match.output.1).lowercased()
                guard !isPublic(host) else { continue }
                found.append("\(path):\(number + 1): names the host \(host)")
            }
        }
        return found
    }

    /// Whether a path of that folder begins in a line, and not a part of a longer one.
    private static func holds(_ line: Substring, path: String) -> Bool {
        line.ranges(of: path).contains { range in
            let before = line[..<range.lowerBound].last
            return before.map { !($0.isLetter || $0.isNumber || "._-}/*".contains($0)) } ?? true
        }
    }

    private static func isPublic(_ host: String) -> Bool {
        publicHosts.contains(host) || host.hasPrefix("127") || host == "host"
            || documentation.contains { host.hasPrefix($0) }
            || !host.contains(".") && host.count == 1
            || reserved.contains { host == $0 || host.hasSuffix("." + $0) }
    }
}
