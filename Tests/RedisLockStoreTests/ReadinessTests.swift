import Foundation
import LockStore
import RedisClient
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: whether it is ready", .serialized, .timeLimit(.minutes(5)))
struct ReadinessTests {
    private static let faults: [(begin: [String], end: [String], said: [String])] = [
        (
            ["ACL", "SETUSER", "default", "-@scripting"], ["ACL", "SETUSER", "default", "+@all"],
            ["NOPERM", "rights that README names"]
        ),
        (
            ["ACL", "SETUSER", "default", "resetkeys", "~ticketlockd:*"],
            ["ACL", "SETUSER", "default", "~*"],
            ["NOPERM", "rights that README names"]
        ),
        (["CONFIG", "SET", "maxmemory", "1mb"], ["CONFIG", "SET", "maxmemory", "0"], ["OOM", "maxmemory"]),
        (
            ["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"],
            ["NOREPLICAS", "min-replicas-to-write"]
        ),
        (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"], ["READONLY", "name the master"]),
    ]

    @Test(
        "What Redis would refuse makes the store not ready, in its words and with what to do",
        arguments: faults)
    func refused(begin: [String], end: [String], said: [String]) async throws {
        try await RedisPlay.with { play in
            try await play.one.store.checkReady()
            _ = try await play.redis.run(begin)
            try await eventually("it is not ready") { try await problem(play.one.store)?.code == .refused }
            let refusal = try #require(try await problem(play.one.store))
            for words in said { #expect(refusal.detail.contains(words), "\(refusal.detail)") }
            #expect(!refusal.detail.contains("cannot be reached"))
            // So is every operation.
            #expect(try await errorCode { try await play.one.issue() } == .refused)
            _ = try await play.redis.run(end)
            try await eventually("it is ready") { try await problem(play.one.store) == nil }
            _ = try await play.one.issue()
            #expect(try await play.command("DBSIZE") != "0")
        }
    }

    @Test("The rights that README names are enough for everything")
    func rights() async throws {
        let readme = try String(
            contentsOf: BuiltProducts.packageRoot.appending(path: "README.md"), encoding: .utf8)
        let match = try #require(readme.firstMatch(of: /With an ACL the daemon needs `([^`]*)`/))
        let rights = match.1.split(whereSeparator: \.isWhitespace).map(String.init)
        try await RedisPlay.with { play in
            _ = try await play.redis.run(
                ["ACL", "SETUSER", "locks", "on", ">secret", "resetchannels"] + rights)
            let store = try await play.harness.makeRedisStore(keyPrefix: "x", user: ("locks", "secret"))
            let scene = LockStoreScene(play.harness, store)
            try await store.checkReady()
            _ = try await scene.issue()
            let caller = try await scene.acquire()
            _ = try await scene.extend(0, by: 5)
            #expect(try await scene.finish(0).removed)
            #expect(try await scene.served(caller).number == 1)
            #expect(try await store.locks(prefix: "", limit: 10, from: 0).locks.count == 1)
            #expect(await store.statistics().lockCount == 1)
            #expect(try await scene.cleanUp(1).deleted)
            #expect(play.harness.notices.all.isEmpty)
            #expect(try await play.command("ACL", "LOG").isEmpty)
            await scene.end()
        }
    }

    @Test(
        "No right can be missing of which the store does not tell that it is not ready, if a ticket needs it",
        arguments: [
            "get", "set", "time", "pexpire", "publish", "evalsha", "script|load", "exists", "subscribe",
        ])
    func eachRight(command: String) async throws {
        try await RedisPlay.with { play in
            let scene = play.one
            let first = try await scene.issue()
            let second = try await scene.issue()
            // An empty lock that is touched is kept for longer, by a command of its own.
            let empty = try await scene.issue("empty")
            _ = try await scene.finish(empty.number, of: "empty")
            _ = try await play.redis.run(["ACL", "SETUSER", "default", "-" + command])
            let told = try await problem(scene.store)
            var refusals: [LockStoreError] = []
            let operations: [() async throws -> Void] = [
                { _ = try await scene.waiting("empty") }, { _ = try await scene.issue("grace") },
                { _ = try await scene.served(try await scene.acquire("edsger", timeout: 2)) },
                { _ = try await scene.answer(try await scene.wait(first.number, timeout: 0)) },
                { _ = try await scene.extend(first.number, by: 60) },
                { _ = try await scene.finish(first.number) }, { _ = try await scene.lock() },
                { _ = try await scene.cleanUp(second.number) },
            ]
            for operation in operations {
                do { try await operation() } catch let error as LockStoreError { refusals.append(error) }
            }
            _ = try await play.redis.run(["ACL", "SETUSER", "default", "+@all"])
            for error in refusals + (told.map { [$0] } ?? []) {
                #expect(error.code == .refused)
                #expect(error.detail.contains("the rights that README names"), "\(error.detail)")
            }
            #expect((told == nil) == refusals.isEmpty, "\(refusals)")
        }
    }

    @Test("A cluster is refused, with what to use instead")
    func cluster() async throws {
        // Else the cluster's port is 10,000 above its own, which may be none.
        let options = ["--cluster-enabled", "yes", "--cluster-port", String(try SocketAddress.freePort())]
        try await RunningRedis.with(options) { redis in
            let harness = try RedisHarness(redis)
            let store = try await harness.makeRedisStore(isReady: false)
            try await eventually("it is not ready") { try await problem(store)?.code == .refused }
            #expect(try await problem(store)?.detail.contains("one server, with replicas") == true)
            await harness.tearDown()
        }
    }

    @Test("One that is not there cannot be reached")
    func unreachable() async throws {
        try await RedisPlay.with { play in
            play.redis.kill()
            try await eventually("it is not ready") {
                try await problem(play.one.store)?.code == .unavailable
            }
        }
    }

    @Test(
        "What a server says that cannot run the scripts is answered with the version that can",
        arguments: [
            "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'",
            "ERR unknown command `EVALSHA`, with args beginning with: ",
        ])
    func tooOld(said: String) {
        #expect(RedisAdvice(RedisError(reply: said)).description.hasSuffix("Redis 7 or later is needed)"))
    }

    private func problem(_ store: any LockStore) async throws -> LockStoreError? {
        do throws(LockStoreError) {
            try await store.checkReady()
            return nil
        } catch {
            return error
        }
    }
}
