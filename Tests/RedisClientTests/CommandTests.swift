import RedisClient
import Support
import Testing

@Suite("Redis client: commands", .timeLimit(.minutes(5)))
struct CommandTests {
    @Test("Every kind of reply is told as what it is")
    func replies() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                #expect(try await scene.reply("SET", "key", "value") == .status("OK"))
                #expect(try await scene.reply("GET", "key") == .string(Array("value".utf8)))
                #expect(try await scene.reply("GET", "nothing") == .null)
                #expect(try await scene.reply("INCRBY", "n", "-7") == .integer(-7))
                let script = "return {1, 'two', {}, {false, {3}}}"
                #expect(
                    try await scene.reply("EVAL", script, "0")
                        == .array([
                            .integer(1), .string(Array("two".utf8)), .array([]),
                            .array([.null, .array([.integer(3)])]),
                        ]))
                let error = await scene.error(of: "LPUSH", "key", "1")
                #expect(error?.code == .refused)
                #expect(error?.word == "WRONGTYPE")
            }
        }
    }

    @Test("Arguments and replies are bytes: nothing in them is special")
    func binary() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                let bytes = [UInt8](0...255) + Array("\r\n$3\r\n".utf8)
                for value in [bytes, [], [UInt8](repeating: 0x61, count: 1_000_000)] {
                    let set = RedisCommand(bytes: [Array("SET".utf8), bytes, value])
                    #expect(try await scene.client.command(set) == .status("OK"))
                    let get = RedisCommand(bytes: [Array("GET".utf8), bytes])
                    #expect(try await scene.client.command(get) == .string(value))
                }
            }
        }
    }

    @Test("A script is given to Redis when that does not know it, and runs")
    func script() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
                for count in 1...3 {
                    if count == 3 { try await redis.command("SCRIPT", "FLUSH") }
                    let reply = try await scene.client.run(script, key: "k", arguments: ["a"])
                    #expect(reply.elements?.last == .integer(Int64(count)))
                }
                #expect(try await redis.command("SCRIPT", "EXISTS", script.digest) == "1")
            }
        }
    }

    @Test("Commands of one pipeline and of many tasks get their own replies")
    func pipelines() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            let texts = (0..<20).map { "\(number).\($0)" }
                            let replies = try await scene.client.pipeline(
                                texts.map { RedisCommand(["ECHO", $0]) })
                            #expect(replies == texts.map { .string(Array($0.utf8)) })
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("Messages of a channel come in from when its subscription is confirmed until it is ended")
    func messages() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                try await scene.client.subscribe("a b")
                try await scene.client.subscribe("a b")
                #expect(try await redis.command("PUBLISH", "a b", "one") == "1")
                try await eventually("a message") { scene.notes.messages.count == 1 }
                #expect(scene.notes.messages == [.init(channel: "a b", payload: "one")])
                await scene.client.unsubscribe("a b")
                try await eventually("unsubscribed") {
                    try await redis.command("PUBLISH", "a b", "two") == "0"
                }
                #expect(scene.notes.messages.count == 1)
            }
        }
    }
}
