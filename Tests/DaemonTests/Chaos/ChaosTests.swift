import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("With everything failing")
    struct Chaos {
        @Test(
            "Several daemons on one Redis: one holder at a time, no number comes twice, tokens grow, in order"
        )
        func redis() async throws {
            try await RunningRedis.with { redis in
                try await withTemporaryFolder { folder in
                    let settings = [
                        "store.type=redis", "redis.host=127.0.0.1", "redis.port=\(redis.port)",
                        "redis.socket_timeout=1", "log.level=warning",
                    ]
                    let daemons = try (0..<3).map { place in
                        ChaosDaemon(
                            port: try SocketAddress.freePort(), settings: settings,
                            log: folder.appending(path: "log\(place)"))
                    }
                    defer { for daemon in daemons { daemon.kill() } }
                    try await ChaosRun(daemons, clientCount: 48).play { random in
                        try await Self.fail(redis, daemons, &random)
                    }
                }
            }
        }

        private static func fail(
            _ redis: RunningRedis, _ daemons: [ChaosDaemon], _ random: inout SeededRandom
        ) async throws {
            switch random.next() % 10 {
            case 0..<5:
                let daemon = random.pick(daemons)
                daemon.kill()
                try await ChaosRun.pause(0.1..<1, &random)
                try daemon.start()
            case 5..<8:
                redis.pause()
                // Some outlast redis.socket_timeout.
                try? await ChaosRun.pause(0.1..<2, &random)
                redis.resume()
            default:
                _ = try await redis.command(
                    "client", "kill", "type", random.chance(0.5) ? "pubsub" : "normal")
            }
        }

        @Test(
            "A daemon with its state on disk, killed and stopped: the same is true across its restarts",
            arguments: ["process", "power"])
        func state(durability: String) async throws {
            try await withTemporaryFolder { folder in
                let settings = [
                    "store.state_directory=\(folder.path)/state", "store.durability=\(durability)",
                    "log.level=warning",
                ]
                let daemon = ChaosDaemon(
                    port: try SocketAddress.freePort(), settings: settings, log: folder.appending(path: "log")
                )
                defer { daemon.kill() }
                try await ChaosRun([daemon], clientCount: 32).play { random in
                    if random.chance(0.7) {
                        daemon.kill()
                    } else {
                        #expect(try await daemon.stop() == .status(0))
                    }
                    try await ChaosRun.pause(0.05..<0.4, &random)
                    try daemon.start()
                }
            }
        }
    }
}
