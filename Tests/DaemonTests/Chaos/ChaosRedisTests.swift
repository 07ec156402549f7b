import Foundation
import Support
import Testing

extension DaemonSuite.Chaos {
    @Test("Several daemons on one Redis: one holder at a time, no number comes twice, tokens grow, in order")
    func redis() async throws {
        try await RunningRedis.with { redis in
            try await ChaosRedis.with(redis) { chaos in
                try await ChaosRun(chaos.daemons, clientCount: 48).play { random in
                    if random.chance(0.3) {
                        try await chaos.failAll(&random)
                    } else {
                        try await chaos.failOne(&random)
                    }
                }
            }
        }
    }

    @Test(
        "With Redis there and nobody keeping a place by a key, no conversation stands still for three seconds"
    )
    func nobodyWaitsForTheDead() async throws {
        try await RunningRedis.with { redis in
            try await ChaosRedis.with(redis) { chaos in
                let run = try await ChaosRun(
                    chaos.daemons, clientCount: 48, isKeyless: true, handOverBound: .seconds(3))
                try await run.play { random in try await chaos.failOne(&random) }
            }
        }
    }

    @Test("Masters that are killed, or replaced, and replicas that are waited for: the same is true")
    func failOver() async throws {
        let options = ["--repl-ping-replica-period", "1", "--repl-diskless-sync-delay", "0"]
        try await RunningRedis.with(options) { first in
            try await RunningRedis.with(options) { second in
                try await second.command("REPLICAOF", "127.0.0.1", String(first.port))
                try await follows(second)
                try await ChaosRedis.with(first, settings: ["redis.wait_replicas=1"]) { chaos in
                    var (master, replica) = (first, second)
                    try await ChaosRun(chaos.daemons, clientCount: 24).play { random in
                        let isKilled = random.chance(0.6)
                        if isKilled {
                            master.kill()
                        } else {
                            // In order: nothing is written while the name moves.
                            try await master.command("CLIENT", "PAUSE", "400", "WRITE")
                            try await Task.sleep(for: .milliseconds(200))
                        }
                        try await replica.command("REPLICAOF", "NO", "ONE")
                        try chaos.lead(to: replica)
                        if isKilled {
                            try await master.restart()
                        } else {
                            // Whoever listens is left where it is.
                            try await master.command("CLIENT", "KILL", "TYPE", "normal")
                        }
                        try await master.command("REPLICAOF", "127.0.0.1", String(replica.port))
                        (master, replica) = (replica, master)
                        try await follows(replica)
                    }
                }
            }
        }
    }

    /// Returns when a replica has all that its master has.
    private func follows(_ replica: RunningRedis) async throws {
        try await eventually("it follows") {
            try await replica.command("INFO", "replication").contains("master_link_status:up")
        }
    }
}
