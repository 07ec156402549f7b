import Foundation
import RedisClient
import Support
import Testing

@Suite("Redis client: Sentinel", .timeLimit(.minutes(5)), .serialized)
struct SentinelTests {
    private func configuration(_ scene: RedisWithSentinels, also dead: [UInt16] = []) -> RedisConfiguration {
        let ports = dead + scene.sentinels.map(\.port)
        return RedisConfiguration(
            server: .sentinels(
                ports.map { .tcp(host: "127.0.0.1", port: $0) }, master: RedisWithSentinels.name),
            timeout: .seconds(2))
    }

    @Test(
        "A fail-over is followed without a restart, with one sentinel gone, and messages come from the new master"
    )
    func failOver() async throws {
        try await RedisWithSentinels.with { servers in
            try await ClientCase.with(configuration(servers)) { scene in
                try await scene.ready()
                let master = RedisAddress.tcp(host: "127.0.0.1", port: servers.master.port)
                #expect(scene.notes.notices == [.ready(master)])
                try await scene.reply("SET", "key", "value")
                // So that the replica has it.
                try await scene.reply("WAIT", "1", "5000")
                try await scene.client.subscribe("channel")

                servers.sentinels[0].kill()
                servers.master.kill()
                try await eventually("lost") { scene.notes.states.contains(.lost) }
                try await eventually("ready again") { await scene.client.isReady }
                let replica = RedisAddress.tcp(host: "127.0.0.1", port: servers.replica.port)
                #expect(scene.notes.notices.contains(.ready(replica)))
                #expect(try await scene.reply("GET", "key").text == "value")
                try await eventually("subscribed again") {
                    scene.notes.states.contains(.subscriptionsRenewed)
                }
                try await servers.replica.command("PUBLISH", "channel", "hello")
                try await eventually("a message") { scene.notes.messages.count == 1 }
            }
        }
    }

    @Test("A fail-over that an operator asks for is followed too")
    func orderedFailOver() async throws {
        try await RedisWithSentinels.with { servers in
            try await ClientCase.with(configuration(servers)) { scene in
                try await scene.ready()
                try await scene.client.subscribe("channel")
                try await servers.sentinels[0].command("SENTINEL", "FAILOVER", RedisWithSentinels.name)
                let replica = RedisAddress.tcp(host: "127.0.0.1", port: servers.replica.port)
                try await eventually("ready at the new master") {
                    scene.notes.notices.contains(.ready(replica))
                }
                // The old one takes itself for a master still, and would have taken what is written.
                #expect(try await servers.master.command("ROLE").hasPrefix("master"))
                try await eventually("subscribed there") {
                    try await servers.replica.command("PUBSUB", "NUMSUB", "channel") == "channel\n1"
                }
                try await eventually("writing") { await scene.error(of: "SET", "key", "value") == nil }
            }
        }
    }

    @Test("Sentinels that ask for the password are given it")
    func password() async throws {
        try await withTemporaryFolder { folder in
            try await RunningRedis.with(["--requirepass", "secret"]) { redis in
                let file = folder.appending(path: "sentinel.conf")
                let settings = """
                    sentinel monitor locks 127.0.0.1 \(redis.port) 1
                    sentinel auth-pass locks secret
                    requirepass secret

                    """
                try Data(settings.utf8).write(to: file)
                let sentinel = try await RunningRedis.start(in: folder, [], .sentinel(file: file.path))
                defer { sentinel.kill() }
                var configuration = RedisConfiguration(
                    server: .sentinels([.tcp(host: "127.0.0.1", port: sentinel.port)], master: "locks"))
                try await ClientCase.with(configuration) { scene in
                    try await eventually("a problem") { !scene.notes.notices.isEmpty }
                    guard case .notReady(let error) = scene.notes.notices[0] else {
                        Issue.record("\(scene.notes.notices)")
                        return
                    }
                    #expect(error.detail.contains("NOAUTH"), "\(error)")
                }
                configuration.password = "secret"
                try await ClientCase.with(configuration) { try await $0.ready() }
                // They may have one of their own.
                _ = try await sentinel.run([
                    "-a", "secret", "ACL", "SETUSER", "default", "resetpass", ">theirs",
                ])
                configuration.sentinelPassword = "theirs"
                try await ClientCase.with(configuration) { try await $0.ready() }
            }
        }
    }

    @Test("A name that no sentinel knows is told, with what each of them said")
    func unknownName() async throws {
        try await RedisWithSentinels.with { servers in
            var configuration = configuration(servers)
            let sentinels = servers.sentinels.map { RedisAddress.tcp(host: "127.0.0.1", port: $0.port) }
            configuration.server = .sentinels(sentinels, master: "other")
            try await ClientCase.with(configuration) { scene in
                try await eventually("a problem") { !scene.notes.notices.isEmpty }
                guard case .notReady(let error) = scene.notes.notices[0] else {
                    Issue.record("\(scene.notes.notices)")
                    return
                }
                #expect(error.detail.contains("no sentinel knows the master other"), "\(error)")
                for sentinel in sentinels { #expect(error.detail.contains("\(sentinel)"), "\(error)") }
            }
        }
    }
}
