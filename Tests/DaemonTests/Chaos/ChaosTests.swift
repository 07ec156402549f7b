import Foundation
import Support
import Synchronization
import Testing

extension DaemonSuite {
    @Suite("Several daemons on one Redis, with everything failing")
    struct Chaos {
        private static let clientCount = 48
        private static let daemonCount = 3
        private static let conversations = (0..<6).map { "conversation \($0)" }
        private static let settings = [
            "store.type=redis", "redis.host=127.0.0.1", "redis.socket_timeout=1", "log.level=warning",
        ]

        /// The length of a run; `make test-chaos` asks for two minutes.
        private static var seconds: Double { Double(TestEnvironment.number(TestEnvironment.chaosName) ?? 15) }

        @Test("Nobody holds beside another, no number comes twice, tokens grow, all are served in order")
        func chaos() async throws {
            let seed = TestEnvironment.number(TestEnvironment.seedName) ?? .random(in: 1_000...9_999_999)
            print("Chaos: seed \(seed), \(Self.seconds) s")
            try await RunningRedis.with { redis in
                try await withTemporaryFolder { folder in
                    let daemons = try (0..<Self.daemonCount).map { place in
                        ChaosDaemon(
                            port: try SocketAddress.freePort(),
                            settings: Self.settings + ["redis.port=\(redis.port)"],
                            log: folder.appending(path: "log\(place)"))
                    }
                    defer { for daemon in daemons { daemon.kill() } }
                    for daemon in daemons {
                        try daemon.start()
                        try #require(try await daemon.serves(), "\(daemon.text)")
                    }
                    let history = try await play(redis, daemons, seed: seed)
                    try check(history, seed: seed)
                    // Nothing hangs afterwards: every daemon ends in order.
                    for daemon in daemons { #expect(try await daemon.stop() == .status(0)) }
                }
            }
        }

        /// Lets the clients take turns while daemons are killed and Redis is paused.
        private func play(
            _ redis: RunningRedis, _ daemons: [ChaosDaemon], seed: UInt64
        ) async throws -> TurnHistory {
            let deadline = ChaosClient.now + Self.seconds
            let result = Mutex(TurnHistory())
            let left = Atomic(Self.clientCount)
            for name in 0..<Self.clientCount {
                // Clients block, so each has a thread.
                let thread = Thread {
                    var client = ChaosClient(
                        name: name, ports: daemons.map(\.port), conversations: Self.conversations,
                        random: SeededRandom(seed: seed &+ UInt64(name)))
                    client.run(until: deadline)
                    result.withLock { $0.add(client.history) }
                    left.subtract(1, ordering: .acquiringAndReleasing)
                }
                thread.start()
            }
            try await fail(redis, daemons, until: deadline - 3, SeededRandom(seed: seed &- 1))
            let haveEnded = try await eventually(within: .seconds(60)) {
                left.load(ordering: .acquiring) == 0
            }
            try #require(haveEnded, "\(left.load(ordering: .acquiring)) clients have not ended")
            return result.withLock { $0 }
        }

        private func fail(
            _ redis: RunningRedis, _ daemons: [ChaosDaemon], until deadline: Double, _ random: SeededRandom
        ) async throws {
            var random = random
            func sleep(_ range: Range<Double>) async throws {
                try await Task.sleep(for: .seconds(Double.random(in: range, using: &random)))
            }
            while ChaosClient.now < deadline {
                try await sleep(0.5..<3)
                switch random.next() % 10 {
                case 0..<5:
                    let daemon = random.pick(daemons)
                    daemon.kill()
                    try await sleep(0.1..<1)
                    try daemon.start()
                case 5..<8:
                    redis.pause()
                    // Some outlast redis.socket_timeout.
                    try? await sleep(0.1..<2)
                    redis.resume()
                default:
                    _ = try await redis.command(
                        "client", "kill", "type", random.chance(0.5) ? "pubsub" : "normal")
                }
            }
        }

        private func check(_ history: TurnHistory, seed: UInt64) throws {
            let violations = history.violations(answerSlack: 10, idleMax: 20)
            print(
                "Chaos: \(history.given.count) answers with tickets, \(history.turns.count) turns,"
                    + " \(history.calls.count) calls that could wait, \(violations.count) violations")
            for violation in violations.prefix(20) { Issue.record("seed \(seed): \(violation)") }
            // Else little was tested.
            #expect(history.turns.count > Int(Self.seconds) * 10)
            #expect(Set(history.turns.map(\.given.conversation)).count == Self.conversations.count)
        }
    }
}
