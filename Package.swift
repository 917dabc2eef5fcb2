// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors where the project itself is checked, and only there.
let isStrict = Context.environment["CAIRN_STRICT"] != nil

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: isStrict ? .error : .warning),
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let instrumentation: Target.Dependency = .product(
    name: "Instrumentation",
    package: "swift-distributed-tracing"
)
let serviceContext: Target.Dependency = .product(
    name: "ServiceContextModule",
    package: "swift-service-context"
)
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let asyncHTTPClient: Target.Dependency = .product(
    name: "AsyncHTTPClient",
    package: "async-http-client"
)
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "cairn",
    products: [
        .library(name: "Cairn", targets: ["Cairn"]),
        .library(name: "CairnClient", targets: ["CairnClient"]),
        .library(name: "CairnEmbedded", targets: ["CairnEmbedded"]),
        .library(name: "CairnHummingbird", targets: ["CairnHummingbird"]),
        .executable(name: "cairn", targets: ["CairnCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-service-context", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: [.defaults, "YAML", "CommandLineArguments"]
        ),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLibXLSXWriter", providers: [.apt(["libxlsxwriter-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "Cairn", dependencies: [crypto], swiftSettings: settings),
        .target(
            name: "CairnLedger",
            dependencies: ["Cairn", crypto, logging, metrics, lifecycle],
            swiftSettings: settings
        ),
        .target(
            name: "CairnLocal",
            dependencies: [
                "CairnLedger", "Cairn", crypto, logging, metrics, lifecycle,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        .target(
            name: "CairnPostgres",
            dependencies: ["CairnLedger", "Cairn", "CLibPQ", logging, lifecycle],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        .target(
            name: "CairnArchive",
            dependencies: ["CairnLedger", "CZlib", "CZstd"],
            swiftSettings: settings
        ),
        .target(
            name: "CairnSpreadsheet",
            dependencies: ["CairnLedger", "Cairn", "CLibXLSXWriter"],
            swiftSettings: settings
        ),
        .target(
            name: "CairnAWS",
            dependencies: [
                "CairnLedger", "Cairn", crypto, nioCore, asyncHTTPClient,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        .target(name: "CairnAPI", dependencies: ["Cairn"], swiftSettings: settings),
        .target(
            name: "CairnServer",
            dependencies: [
                "CairnLedger", "CairnAPI", "Cairn", hummingbird, nioCore, httpTypes, logging,
                metrics, lifecycle, crypto, instrumentation, serviceContext,
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "CairnClient",
            dependencies: [
                "CairnAPI", "Cairn", crypto, logging, lifecycle, nioCore, asyncHTTPClient,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "CairnEmbedded",
            dependencies: [
                "CairnClient", "CairnLocal", "CairnLedger", "CairnAPI", "Cairn", crypto, logging,
                lifecycle,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "CairnHummingbird",
            dependencies: ["CairnClient", "Cairn", crypto, hummingbird, httpTypes, nioCore],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "CairnCommand",
            dependencies: [
                "CairnServer", "CairnLocal", "CairnPostgres", "CairnAWS", "CairnArchive",
                "CairnSpreadsheet",
                "CairnLedger", "CairnAPI", "Cairn",
                logging, metrics, lifecycle, nioCore, httpTypes, hummingbird, crypto,
                instrumentation,
                serviceContext,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                asyncHTTPClient,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "CairnBenchmarks",
            dependencies: [
                "CairnServer", "CairnLocal", "CairnLedger", "Cairn", crypto, logging,
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            path: "Benchmarks/Sources",
            swiftSettings: settings
        ),
        .target(
            name: "CairnTesting",
            dependencies: ["CairnLedger", "Cairn", crypto],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnTests",
            dependencies: ["Cairn", crypto],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnLedgerTests",
            dependencies: ["CairnLedger", "CairnTesting", "Cairn", crypto, logging],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ObjectWriter",
            dependencies: ["CairnLocal", "CairnLedger", "Cairn"],
            path: "Tests/ObjectWriter",
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnLocalTests",
            dependencies: [
                "CairnLocal", "CairnTesting", "CairnLedger", "Cairn", "ObjectWriter",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnServerTests",
            dependencies: [
                "CairnCommand", "CairnServer", "CairnTesting", "CairnLedger", "CairnAPI", "Cairn",
                hummingbird,
                httpTypes, nioCore, logging, crypto, instrumentation, serviceContext,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Cairn", "CairnCommand", "CairnLedger", "CairnServer", "CairnSpreadsheet",
                "CairnTesting", logging, instrumentation, serviceContext,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Samples"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnPostgresTests",
            dependencies: ["CairnPostgres", "CairnTesting", "CairnLedger", "Cairn", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnAWSTests",
            dependencies: [
                "CairnAWS", "CairnTesting", "CairnLedger", "Cairn", nioCore, asyncHTTPClient,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "SpoolWriter",
            dependencies: ["CairnClient", "Cairn"],
            path: "Tests/SpoolWriter",
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnClientTests",
            dependencies: [
                "CairnClient", "CairnEmbedded", "CairnTesting", "CairnCommand", "SpoolWriter",
                "CairnAPI", "Cairn",
                hummingbird, httpTypes, nioCore, logging, lifecycle,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnEmbeddedTests",
            dependencies: [
                "CairnEmbedded", "CairnClient", "CairnTesting", "CairnCommand", "Cairn",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CairnHummingbirdTests",
            dependencies: [
                "CairnHummingbird", "CairnEmbedded", "CairnClient", "Cairn", hummingbird, httpTypes,
                nioCore, logging,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", dependencies: ["CairnTesting"], swiftSettings: settings),
    ]
)
