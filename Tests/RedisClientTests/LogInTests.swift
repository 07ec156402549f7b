import Foundation
import RedisClient
import Support
import Synchronization
import Testing

@Suite("Redis client: logging in", .timeLimit(.minutes(5)))
struct LogInTests {
    /// The first problem that is told.
    private func problem(_ scene: ClientCase) async throws -> RedisError? {
        try await eventually("a problem") { !scene.notes.notices.isEmpty }
        guard case .notReady(let error) = scene.notes.notices[0] else { return nil }
        return error
    }

    @Test("A Unix socket will do, the database that was asked for is used, and the server sees who it is")
    func unixSocket() async throws {
        try await RunningRedis.with { redis in
            let configuration = RedisConfiguration(
                server: .address(.unix(path: redis.socketPath)), database: 3)
            try await ClientCase.with(configuration) { scene in
                try await scene.ready()
                try await scene.reply("SET", "key", "value")
                #expect(try await redis.command("-n", "3", "GET", "key") == "value")
                #expect(try await redis.command("CLIENT", "LIST").contains("name=ticketlockd"))
            }
        }
    }

    @Test("A Unix socket that is not there, or cannot be, is told", arguments: [10, 200])
    func noSocket(length: Int) async throws {
        let path = "/" + String(repeating: "x", count: length)
        let configuration = RedisConfiguration(server: .address(.unix(path: path)))
        try await ClientCase.with(configuration) { scene in
            let error = try #require(try await problem(scene))
            #expect(error.detail.hasPrefix("cannot connect to unix:\(path): "))
        }
    }

    @Test("A database that the server does not have is told")
    func noDatabase() async throws {
        try await RunningRedis.with { redis in
            var configuration = RedisConfiguration(redis)
            configuration.database = 99
            try await ClientCase.with(configuration) { scene in
                let error = try await problem(scene)
                #expect(error?.detail == "ERR DB index is out of range")
            }
        }
    }

    @Test("A password is given, for the default user and for another; a wrong one is told until it is right")
    func passwords() async throws {
        try await withTemporaryFolder { folder in
            let users = folder.appending(path: "users.acl")
            try Data(
                """
                user default on >general ~* &* +@all
                user locks on >secret ~* &* +@all -@dangerous +role

                """.utf8
            ).write(to: users)
            try await RunningRedis.with(["--aclfile", users.path]) { redis in
                var configuration = RedisConfiguration(redis)
                try await ClientCase.with(configuration) { scene in
                    let error = try await problem(scene)
                    #expect(error?.word == "NOAUTH")
                }
                configuration.password = "general"
                try await ClientCase.with(configuration) { try await $0.ready() }
                configuration.username = "locks"
                try await ClientCase.with(configuration) { scene in
                    let error = try #require(try await problem(scene))
                    #expect(error.word == "WRONGPASS")
                    let refusal = await scene.error(of: "PING")
                    #expect(refusal == RedisError(.unavailable, error.detail))
                    try await redis.command(
                        "-a", "general", "ACL", "SETUSER", "locks", "resetpass", ">general")
                    try await scene.ready()
                    #expect(try await scene.reply("ACL", "WHOAMI").text == "locks")
                    #expect(await scene.error(of: "FLUSHALL")?.word == "NOPERM")
                }
            }
        }
    }

    @Test("A server that has no room for another client is told as such, not as one that hangs up")
    func noRoom() async throws {
        try await RunningRedis.with(["--maxclients", "1"]) { redis in
            try await ClientCase.with(RedisConfiguration(redis)) { first in
                try await first.ready()
                try await ClientCase.with(RedisConfiguration(redis)) { second in
                    let error = try await problem(second)
                    #expect(error?.detail == "ERR max number of clients reached")
                }
            }
        }
    }

    @Test("A replica is not ready until it is a master")
    func replica() async throws {
        try await RunningRedis.with { master in
            try await RunningRedis.with(["--replicaof", "127.0.0.1", String(master.port)]) { redis in
                try await ClientCase.with(RedisConfiguration(redis)) { scene in
                    let error = try #require(try await problem(scene))
                    #expect(error.word == "READONLY")
                    #expect(error.detail.contains("127.0.0.1:\(redis.port) is no master but a slave"))
                    try await redis.command("REPLICAOF", "NO", "ONE")
                    try await scene.ready()
                }
            }
        }
    }

    @Test("A master that becomes a replica is noticed by the first write")
    func demoted() async throws {
        try await RunningRedis.with { master in
            try await RunningRedis.with { redis in
                try await ClientCase.with(RedisConfiguration(redis)) { scene in
                    try await scene.ready()
                    try await redis.command("REPLICAOF", "127.0.0.1", String(master.port))
                    let error = await scene.error(of: "SET", "key", "value")
                    #expect(error?.code == .refused && error?.word == "READONLY")
                    try await eventually("not ready") { await scene.client.lastProblem?.word == "READONLY" }
                    #expect(await !scene.client.isReady)
                    try await redis.command("REPLICAOF", "NO", "ONE")
                    try await scene.ready()
                    try await scene.reply("SET", "key", "value")
                }
            }
        }
    }

    @Test("A password that has changed is read for the next connection; one that cannot be read is told")
    func rotated() async throws {
        try await RunningRedis.with(["--requirepass", "one"]) { redis in
            let password = Mutex<String?>("one")
            var configuration = RedisConfiguration(redis)
            configuration.reread = { () throws(RedisError) in
                guard let password = password.withLock({ $0 }) else {
                    throw RedisError(.unavailable, "no file")
                }
                return RedisCredentials(password: password)
            }
            try await ClientCase.with(configuration) { scene in
                try await scene.ready()
                try await scene.client.subscribe("channel")
                for next in ["two", "three"] {
                    try await scene.reply("CONFIG", "SET", "requirepass", next)
                    password.withLock { $0 = next == "two" ? next : nil }
                    _ = await scene.error(of: "CLIENT", "KILL", "TYPE", "pubsub")
                    _ = await scene.error(of: "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
                    if next == "three" {
                        try await eventually("it is told") {
                            scene.notes.notices.contains(.notReady(RedisError(.unavailable, "no file")))
                        }
                        password.withLock { $0 = next }
                    }
                    try await scene.ready()
                    try await eventually("a message") {
                        (try? await scene.reply("PUBLISH", "channel", "hello")) == .integer(1)
                    }
                }
            }
        }
    }
}
