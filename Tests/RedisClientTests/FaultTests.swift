import Glibc
import RedisClient
import Support
import Testing

@Suite("Redis client: faults", .timeLimit(.minutes(5)))
struct FaultTests {
    @Test("A server that is not there yet is waited for; commands fail at once meanwhile")
    func downAtStart() async throws {
        try await RunningRedis.with { redis in
            redis.kill()
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await eventually("some attempts") { scene.notes.notices.count >= 3 }
                let error = await scene.error(of: "PING")
                #expect(error?.code == .unavailable)
                #expect(error?.detail == "cannot connect to 127.0.0.1:\(redis.port): Connection refused")
                #expect(await scene.client.lastProblem == error)
                // Told once; the attempts after it are of interest to few.
                let kinds = scene.notes.notices.map { if case .notReady = $0 { true } else { false } }
                #expect(kinds.first == true && !kinds.dropFirst().contains(true))
                try await redis.restart()
                try await scene.ready()
                #expect(await scene.client.lastProblem == nil)
                #expect(scene.notes.states == [.ready])
            }
        }
    }

    @Test(
        "What is in flight when the server is killed has an unknown outcome; the next connection comes by itself"
    )
    func killed() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                async let blocked = scene.error(of: "BLPOP", "list", "0")
                try await eventually("blocked") {
                    try await redis.command("INFO", "clients").contains("blocked_clients:1")
                }
                redis.kill()
                #expect(await blocked?.code == .outcomeUnknown)
                #expect(await scene.error(of: "PING")?.code == .unavailable)
                try await redis.restart()
                try await scene.ready()
                #expect(try await scene.reply("PING") == .status("PONG"))
                #expect(scene.notes.states == [.ready, .lost, .ready])
            }
        }
    }

    @Test("A reply that comes too late is nobody's")
    func paused() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis, timeout: .seconds(1))) { scene in
                try await scene.ready()
                let number = "set-by-one-who-was-told-nothing"
                redis.pause()
                let began = ContinuousClock.now
                async let first = scene.error(of: "INCR", number)
                async let second = scene.error(of: "ECHO", "second")
                let codes = await [first?.code, second?.code]
                #expect(codes == [.outcomeUnknown, .outcomeUnknown])
                #expect(ContinuousClock.now - began >= .seconds(1))
                redis.resume()
                try await scene.ready()
                #expect(try await scene.reply("ECHO", "third").text == "third")
                // Whether it was carried out could not be known.
                #expect(["", "1"].contains(try await scene.reply("GET", number).text ?? ""))
            }
        }
    }

    @Test("An idle connection to a server that answers no more is found out")
    func pausedWhileIdle() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis, timeout: .milliseconds(700))) { scene in
                try await scene.ready()
                redis.pause()
                try await eventually("found out") { await !scene.client.isReady }
                redis.resume()
                try await scene.ready()
            }
        }
    }

    @Test("A command of which nothing was sent is told apart from one that may have been carried out")
    func unsent() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis, timeout: .seconds(2))) { scene in
                try await scene.ready()
                // More than the socket takes, and behind it one command more.
                let large = RedisCommand(["ECHO", String(repeating: "x", count: 15_000_000)])
                let small = RedisCommand(["SET", "key", "value"])
                redis.pause()
                let first = Task.immediate { await scene.error(of: large) }
                let second = Task.immediate { await scene.error(of: small) }
                #expect(await first.value?.code == .outcomeUnknown)
                #expect(await second.value?.code == .unavailable)
                redis.resume()
                try await scene.ready()
                #expect(try await scene.reply("GET", "key") == .null)
            }
        }
    }

    @Test("More commands in flight than the limit are refused at once; those before them are answered")
    func tooMany() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                redis.pause()
                let pings = Array(repeating: RedisCommand(["PING"]), count: 60_000)
                try await withThrowingTaskGroup(of: Result<Int, RedisError>.self) { group in
                    for _ in 0..<2 {
                        group.addTask {
                            do throws(RedisError) {
                                return .success(try await scene.client.pipeline(pings).count)
                            } catch {
                                return .failure(error)
                            }
                        }
                    }
                    // The one of them that came second.
                    let refused = try await group.next()
                    guard case .failure(let error) = refused else {
                        Issue.record("\(refused as Any)")
                        return
                    }
                    #expect(error.code == .unavailable && error.detail.contains("too many"))
                    redis.resume()
                    #expect(try await group.next() == .success(60_000))
                }
                #expect(try await scene.reply("PING") == .status("PONG"))
            }
        }
    }

    @Test("A task that is cancelled takes no reply away from the others")
    func cancelled() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                for number in 0..<50 {
                    let task = Task { try await scene.reply("ECHO", "cancelled \(number)") }
                    task.cancel()
                    #expect(try await scene.reply("ECHO", "\(number)").text == "\(number)")
                    #expect(try await task.value.text == "cancelled \(number)")
                }
            }
        }
    }

    @Test("A stopped client fails what is in flight and what comes later, and rests")
    func stopped() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { scene in
                try await scene.ready()
                async let blocked = scene.error(of: "BLPOP", "list", "0")
                try await eventually("blocked") {
                    try await redis.command("INFO", "clients").contains("blocked_clients:1")
                }
                await scene.client.stop()
                #expect(await blocked?.code == .outcomeUnknown)
                #expect(await scene.error(of: "PING")?.code == .unavailable)
                await #expect(throws: RedisError.self) { try await scene.client.subscribe("channel") }
            }
        }
    }

    @Test("A server that takes no more clients is found out at once, and tried again by the backoff")
    func clientsMax() async throws {
        try await RunningRedis.with { redis in
            try await ClientCase.with(RedisConfiguration(redis, timeout: .seconds(20))) { scene in
                try await scene.ready()
                try await scene.client.subscribe("channel")
                for round in 1...10 {
                    try await scene.reply("CONFIG", "SET", "maxclients", "1")
                    try await scene.reply("CLIENT", "KILL", "TYPE", "pubsub")
                    // Some attempts.
                    try await Task.sleep(for: .milliseconds(300))
                    try await scene.reply("CONFIG", "SET", "maxclients", "100")
                    let began = ContinuousClock.now
                    try await eventually("it is let in") {
                        scene.notes.states.count { $0 == .subscriptionsRenewed } == round
                    }
                    #expect(ContinuousClock.now - began < .seconds(10))
                }
            }
        }
    }
}
