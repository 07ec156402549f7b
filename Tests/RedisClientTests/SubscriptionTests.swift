import RedisClient
import Support
import Testing

@Suite("Redis client: subscriptions", .timeLimit(.minutes(5)))
struct SubscriptionTests {
    @Test("A lost connection is told, and all channels are subscribed to again on the next one")
    func renewed() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                for channel: RedisName in ["a", "b", "c"] { try await scene.client.subscribe(channel) }
                await scene.client.unsubscribe("b")
                try await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
                try await eventually("renewed") { scene.notes.states.last == .subscriptionsRenewed }
                #expect(scene.notes.states == [.ready, .subscriptionsLost, .subscriptionsRenewed])
                for channel in ["a", "b", "c"] {
                    try await redis.command("PUBLISH", channel, "to \(channel)")
                }
                try await eventually("messages") { scene.notes.messages.count == 2 }
                #expect(scene.notes.messages.map(\.channel) == ["a", "c"])
            }
        }
    }

    @Test("A restart of the server renews both connections")
    func restarted() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                try await scene.client.subscribe("channel")
                redis.kill()
                try await eventually("lost") {
                    Set(scene.notes.states).isSuperset(of: [.lost, .subscriptionsLost])
                }
                await #expect(throws: RedisError.self) { try await scene.client.subscribe("other") }
                try await redis.restart()
                try await eventually("renewed") { scene.notes.states.contains(.subscriptionsRenewed) }
                try await redis.command("PUBLISH", "channel", "hello")
                try await eventually("a message") { scene.notes.messages.count == 1 }
            }
        }
    }

    @Test("A channel that the user may not listen to is refused, and the others are not disturbed")
    func refused() async throws {
        try await RunningRedis.with { redis in
            try await redis.command("ACL", "SETUSER", "locks", "on", ">secret", "~*", "+@all", "&mine")
            var configuration = RedisConfiguration(redis)
            configuration.username = "locks"
            configuration.password = "secret"
            try await ClientCase.with(configuration) { scene in
                try await scene.ready()
                try await scene.client.subscribe("mine")
                await #expect {
                    try await scene.client.subscribe("others")
                } throws: {
                    ($0 as? RedisError)?.word == "NOPERM"
                }
                try await redis.command("PUBLISH", "mine", "hello")
                try await eventually("a message") { scene.notes.messages.count == 1 }
            }
        }
    }

    @Test("Subscribing and unsubscribing in quick succession ends as the last of them says")
    func quick() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                for round in 1...50 {
                    async let first: Void? = try? scene.client.subscribe("channel")
                    await scene.client.unsubscribe("channel")
                    _ = await first
                    try await scene.client.subscribe("channel")
                    #expect(try await scene.reply("PUBLISH", "channel", "\(round)") == .integer(1))
                    await scene.client.unsubscribe("channel")
                }
            }
        }
    }

    @Test("A connection for messages on which nothing comes is asked whether it still lives")
    func idle() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis, timeout: .milliseconds(700))) { scene in
                try await scene.ready()
                try await scene.client.subscribe("channel")
                redis.pause()
                try await eventually("lost") { scene.notes.states.contains(.subscriptionsLost) }
                redis.resume()
                try await eventually("renewed") { scene.notes.states.contains(.subscriptionsRenewed) }
            }
        }
    }
}
