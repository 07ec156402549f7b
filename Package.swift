// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 mode with the rules the code is written to; warnings stop the build.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    // A release leaves out the checks for overlapping accesses, which the tests have on: they cost a request
    // some 1,400 instructions. It inlines and specializes from target to target.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]
let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]
let cxxSettings: [CXXSetting] = [.treatAllWarnings(as: .error)]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// What the fuzzers reach into.
let fuzzed: [Target.Dependency] = [
    "CJSON", "CUV", "EventLoop", "HTTPServer", "LockAPI", "LockStore", "RedisClient", "TicketLock",
]
/// What stands beside their code.
let seeds = ["http", "json", "query", "redis", "state", "yaml", "dictionaries", "libmicrohttpd.sh", "run.sh"]

let package = Package(
    name: "ticketlockd",
    products: [.executable(name: "ticketlockd", targets: ["ticketlockd"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // The libraries of the system.
        .systemLibrary(name: "CUV"),
        .systemLibrary(name: "CSystemd"),
        .systemLibrary(name: "CHiredis"),
        .target(name: "CHTTP", cSettings: cSettings, linkerSettings: [.linkedLibrary("microhttpd")]),
        .target(name: "CJSON", cxxSettings: cxxSettings, linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CLMDB", cSettings: cSettings, linkerSettings: [.linkedLibrary("lmdb")]),
        .target(name: "CGnuTLS", cSettings: cSettings, linkerSettings: [.linkedLibrary("gnutls")]),
        .target(name: "CYAML", cSettings: cSettings, linkerSettings: [.linkedLibrary("yaml")]),

        // What the daemon is made of, lowest first; each imports only what stands above it.
        .target(name: "EventLoop", dependencies: ["CUV"], swiftSettings: swiftSettings),
        .target(name: "TicketLock", swiftSettings: swiftSettings),
        .target(
            name: "LockStore", dependencies: ["CLMDB", "EventLoop", "TicketLock"],
            swiftSettings: swiftSettings),
        .target(name: "HTTPServer", dependencies: ["CHTTP", "EventLoop"], swiftSettings: swiftSettings),
        .target(
            name: "RedisClient", dependencies: ["CGnuTLS", "CHiredis", "EventLoop"],
            swiftSettings: swiftSettings),
        .target(
            name: "RedisLockStore", dependencies: ["EventLoop", "LockStore", "RedisClient", "TicketLock"],
            resources: [.embedInCode("Scripts")],
            swiftSettings: swiftSettings),
        .target(
            name: "LockAPI", dependencies: ["CJSON", "EventLoop", "HTTPServer", "LockStore", "TicketLock"],
            swiftSettings: swiftSettings),
        // Judges what clients were told; no part of the daemon.
        .target(
            name: "HistoryChecker", dependencies: ["CJSON", "TicketLock"], swiftSettings: swiftSettings),
        // A machine whose disk, clocks and power fail at will; no part of the daemon.
        .target(
            name: "Simulator", dependencies: ["EventLoop", "HistoryChecker", "LockStore", "TicketLock"],
            swiftSettings: swiftSettings),
        .executableTarget(name: "simulate", dependencies: ["Simulator"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "ticketlockd",
            dependencies: [
                "CSystemd", "CYAML", "EventLoop", "HTTPServer", "LockAPI", "LockStore", "RedisClient",
                "RedisLockStore", "TicketLock",
                arguments, log,
            ],
            swiftSettings: swiftSettings),

        // Tests.
        .target(
            name: "Support", dependencies: ["EventLoop", "HTTPServer", "LockAPI", "LockStore", "TicketLock"],
            path: "Tests/Support",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TicketLockTests", dependencies: ["TicketLock", "Support"], swiftSettings: swiftSettings),
        .testTarget(
            name: "EventLoopTests", dependencies: ["EventLoop", "Support"], swiftSettings: swiftSettings),
        .testTarget(
            name: "LockStoreTests",
            dependencies: ["LockStore", "Simulator", "TicketLock", "EventLoop", "Support"],
            exclude: ["State/Format1"], swiftSettings: swiftSettings),
        .testTarget(
            name: "SimulatorTests", dependencies: ["Simulator", "EventLoop", "LockStore", "TicketLock"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "HTTPServerTests", dependencies: ["HTTPServer", "EventLoop", "Support"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RedisClientTests", dependencies: ["CHiredis", "RedisClient", "EventLoop", "Support"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RedisLockStoreTests",
            dependencies: [
                "RedisLockStore", "RedisClient", "LockStore", "TicketLock", "EventLoop", "Support",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "LockAPITests",
            dependencies: [
                "LockAPI", "LockStore", "HTTPServer", "EventLoop", "TicketLock", "CJSON", "Support",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TicketlockdTests",
            dependencies: ["ticketlockd", "LockStore", "RedisClient", "Support", arguments, log],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "HistoryCheckerTests", dependencies: ["HistoryChecker", "TicketLock", "Support"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "DaemonTests", dependencies: ["HistoryChecker", "LockStore", "TicketLock", "Support"],
            swiftSettings: swiftSettings),
        // What the fuzzers do, with their seeds.
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed + ["ticketlockd", "Support"], path: "Tests/Fuzz",
            exclude: seeds + ["Runner"], swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)

// `make fuzz` builds the same sources as a program of libFuzzer's, which has its own `main`: so the daemon is a
// library then, and neither the tests nor what they need are there.
if Context.environment["TICKETLOCKD_FUZZ"] != nil {
    let daemon = package.targets.filter { $0.name == "ticketlockd" }.flatMap(\.dependencies)
    package.products = []
    package.targets.removeAll { $0.isTest || ["Support", "ticketlockd"].contains($0.name) }
    package.targets += [
        .target(
            name: "ticketlockd", dependencies: daemon, exclude: ["Main.swift"], swiftSettings: swiftSettings),
        .target(
            name: "Support", dependencies: ["EventLoop", "LockStore", "TicketLock"],
            path: "Tests/Support/Clock",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "fuzz", dependencies: fuzzed + ["ticketlockd", "Support"], path: "Tests/Fuzz",
            exclude: seeds + ["SeedTests.swift"], swiftSettings: swiftSettings),
    ]
}
