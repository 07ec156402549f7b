import Foundation
import Support

/// Several daemons on one Redis, each with a cable of its own to it, and what can happen to them.
struct ChaosRedis {
    let redis: RunningRedis
    let daemons: [ChaosDaemon]
    private let relays: [TCPRelay]

    /// Runs `body` with daemons that have not been started, and ends them.
    static func with(
        _ redis: RunningRedis, settings: [String] = [], _ body: (ChaosRedis) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await TCPRelay.with(to: redis.port) { first in
                try await TCPRelay.with(to: redis.port) { second in
                    try await TCPRelay.with(to: redis.port) { third in
                        let relays = [first, second, third]
                        let daemons = try relays.enumerated().map { place, relay in
                            let own = [
                                "store.type=redis", "redis.host=127.0.0.1", "redis.port=\(relay.port)",
                                "redis.socket_timeout=1", "log.level=warning",
                            ]
                            return ChaosDaemon(
                                port: try SocketAddress.freePort(), settings: own + settings,
                                log: folder.appending(path: "log\(place)"))
                        }
                        defer { for daemon in daemons { daemon.kill() } }
                        try await body(ChaosRedis(redis: redis, daemons: daemons, relays: relays))
                    }
                }
            }
        }
    }

    // MARK: What fails

    /// Something that some of the daemons feel, while Redis is there for the others.
    func failOne(_ random: inout SeededRandom) async throws {
        switch random.next() % 10 {
        case 0..<4:
            let daemon = random.pick(daemons)
            daemon.kill()
            try await ChaosRun.pause(0.1..<1, &random)
            try daemon.start()
        case 4: _ = try await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        case 5: _ = try await redis.command("CLIENT", "KILL", "TYPE", "normal")
        case 6: try await cutSubscriber(&random)
        case 7:
            // Its messages are lost, and no others to be had.
            let relay = random.pick(relays)
            relay.refuse()
            try await cutSubscriber(&random)
            try await ChaosRun.pause(0.5..<2, &random)
            relay.mend()
        case 8:
            try await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
            try await redis.command("CLIENT", "KILL", "TYPE", "normal")
        default:
            let isMute = random.chance(0.5)
            let less = isMute ? "-publish" : "resetchannels"
            let more = isMute ? "+publish" : "allchannels"
            _ = try await redis.command("ACL", "SETUSER", "default", less)
            try await ChaosRun.pause(0.5..<2, &random)
            _ = try await redis.command("ACL", "SETUSER", "default", more)
        }
    }

    /// Something that all of them feel: Redis answers nobody.
    func failAll(_ random: inout SeededRandom) async throws {
        if random.chance(0.5) {
            redis.pause()
            // Some outlast redis.socket_timeout.
            try? await ChaosRun.pause(0.1..<2, &random)
            redis.resume()
        } else {
            let milliseconds = Int.random(in: 100..<1_500, using: &random)
            let kind = random.chance(0.5) ? "ALL" : "WRITE"
            _ = try await redis.command("CLIENT", "PAUSE", String(milliseconds), kind)
        }
    }

    /// One connection for messages is half open from now on: Redis believes in it.
    private func cutSubscriber(_ random: inout SeededRandom) async throws {
        let clients = try await redis.command("CLIENT", "LIST", "TYPE", "pubsub").split(separator: "\n")
        let ports = clients.compactMap { client in
            client.firstMatch(of: /\ addr=127\.0\.0\.1:(\d+)/).flatMap { UInt16($0.1) }
        }
        guard !ports.isEmpty else { return }
        let port = random.pick(ports)
        for relay in relays { relay.cut(from: port) }
    }

    /// The name leads to another server, which has all that this one had; who is connected stays where it is.
    func lead(to other: RunningRedis) throws {
        for relay in relays { try relay.lead(to: other.port) }
    }
}
