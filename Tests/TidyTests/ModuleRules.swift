// SPDX-License-Identifier: Apache-2.0

/// Who may import whom: the table of ARCHITECTURE.md as data.
enum ModuleRules {
    /// What each module of `Sources` may import, beside the standard library.
    static let allowed: [String: Set<String>] = [
        "Cairn": ["Crypto"],
        "CairnLedger": ["Cairn", "Crypto", "Logging", "Metrics", "ServiceLifecycle"],
        "CairnLocal": [
            "CairnLedger", "Cairn", "Crypto", "Dispatch", "Foundation", "GRDB", "GRDBSQLite",
            "Logging", "Metrics", "ServiceLifecycle",
        ],
        "CairnPostgres": [
            "CLibPQ", "CairnLedger", "Cairn", "Dispatch", "Glibc", "Logging", "ServiceLifecycle",
        ],
        "CairnAWS": [
            "CairnLedger", "Cairn", "AsyncHTTPClient", "Crypto", "NIOCore", "NIOHTTP1", "NIOPosix",
        ],
        "CairnArchive": ["CairnLedger", "CZlib", "CZstd"],
        "CairnSpreadsheet": [
            "CLibXLSXWriter", "CairnLedger", "Cairn", "Dispatch", "Foundation",
        ],
        "CairnAPI": ["Cairn"],
        "CairnServer": [
            "CairnLedger", "CairnAPI", "Cairn", "Crypto", "Foundation", "Hummingbird",
            "HummingbirdCore",
            "HummingbirdHTTP2", "HTTPTypes", "JWTKit", "NIOCore", "NIOHTTP1", "NIOHTTPTypes",
            "NIOHTTPTypesHTTP1", "NIOSSL",
            "Instrumentation", "Logging", "Metrics", "ServiceContextModule", "ServiceLifecycle",
        ],
        "CairnClient": [
            "CairnAPI", "Cairn", "AsyncHTTPClient", "Crypto", "Darwin", "Dispatch", "Glibc",
            "Logging", "Musl", "NIOCore", "NIOHTTP1", "NIOPosix", "ServiceLifecycle",
        ],
        "CairnEmbedded": [
            "CairnClient", "CairnLocal", "CairnLedger", "CairnAPI", "Cairn", "Crypto", "Logging",
            "ServiceLifecycle",
        ],
        "CairnHummingbird": [
            "CairnClient", "Cairn", "Crypto", "HTTPTypes", "Hummingbird", "NIOCore",
        ],
        "CairnCommand": [
            "CairnServer", "CairnLocal", "CairnPostgres", "CairnAWS", "CairnArchive",
            "CairnSpreadsheet", "CairnLedger", "CairnAPI", "Cairn", "ArgumentParser",
            "AsyncHTTPClient", "Configuration", "Crypto",
            "Foundation",
            "HTTPTypes", "Hummingbird", "Instrumentation", "Logging", "Metrics", "NIOCore",
            "NIOHTTP1", "NIOPosix",
            "ServiceContextModule", "ServiceLifecycle", "SystemPackage", "UnixSignals",
        ],
        "CairnTesting": [
            "CairnLedger", "Cairn", "Crypto", "Foundation", "Glibc", "Musl", "Testing",
        ],
    ]

    /// Part of the standard library, and so for everybody.
    static let standard: Set<String> = ["Synchronization"]

    /// The name of the module that a line imports, if it imports one.
    static func imported(by line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
            words[..<keyword].allSatisfy({ word in
                word.first == "@"
                    || ["public", "package", "internal", "fileprivate", "private"].contains(word)
            })
        else { return nil }
        // `import struct Module.Name` and `import Module.Submodule` name the module first.
        let kinds = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        let name = words[kinds.contains(String(words[keyword + 1])) ? keyword + 2 : keyword + 1]
        return name.split(separator: ".").first.map(String.init)
    }

    /// The imports of a source that its module may not have.
    static func findings(in source: SwiftSource) -> [String] {
        guard let module = source.module else { return [] }
        guard let allowed = allowed[module] else {
            return [source.finding(0, "\(module) has no row in the table of imports")]
        }
        return source.code.enumerated().compactMap { number, line in
            guard let name = imported(by: line), !allowed.contains(name),
                !standard.contains(name)
            else { return nil }
            return source.finding(number, "\(module) may not import \(name)")
        }
    }
}
