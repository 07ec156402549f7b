import Foundation
import LockStore
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: faults", .timeLimit(.minutes(5)))
struct FaultTests {
    @Test("With Redis down at the start operations fail at once, and work when it has come up")
    func downAtStart() async throws {
        try await RunningRedis.with { redis in
            let harness = try RedisHarness(redis)
            redis.kill()
            let scene = LockStoreScene(harness, try await harness.makeRedisStore(isReady: false))
            #expect(try await errorCode { try await scene.issue() } == .unavailable)
            #expect(try await errorCode { try await scene.lock() } == .unavailable)
            #expect(try await errorCode { try await scene.store.checkReady() } == .unavailable)
            #expect(await scene.store.statistics().lockCount == 0)
            try await redis.restart()
            try await eventually("it is ready") {
                try await errorCode { try await scene.store.checkReady() } == nil
            }
            #expect(try await scene.issue().number == 0)
            await scene.end()
            await harness.tearDown()
        }
    }

    @Test("Callers that wait while Redis is killed and started anew learn that their tickets are gone")
    func restarted() async throws {
        try await RedisPlay.with { play in
            let before = try await play.one.issue()
            let caller = try await play.one.acquire()
            let waiter = try await play.one.wait(1)
            try await play.redis.restart()
            // A caller of acquire knows no ticket: it is to ask again.
            #expect(try await errorCode { try await play.one.answer(caller) } == .placeLost)
            #expect(try await play.one.refusal(waiter) == .gone(.unknown))
            let after = try await play.one.issue()
            #expect(after.number == 0 && after.token > before.token)
        }
    }

    @Test("Callers wait on for a Redis that is back in time, and are let go when it is not")
    func outage() async throws {
        try await RedisPlay.with(2, timeout: .seconds(2)) { play in
            _ = try await play.one.issue()
            let caller = try await play.one.acquire()
            // The connections break; nothing is lost in Redis.
            try await play.command("CLIENT", "KILL", "TYPE", "normal")
            try await play.command("CLIENT", "KILL", "TYPE", "pubsub")
            for scene in play.scenes {
                try await eventually("it is back") { try await errorCode { try await scene.update() } == nil }
            }
            #expect(await play.one.waits(caller))
            try await play.two.finish(0)
            #expect(try await play.one.served(caller).number == 1)

            let waiter = try await play.two.wait((try await play.one.issue()).number)
            play.redis.kill()
            #expect(try await errorCode { try await play.two.answer(waiter) } == .unavailable)
        }
    }

    @Test("While Redis is paused the outcome is unknown; afterwards the same key finds the same ticket")
    func paused() async throws {
        try await RedisPlay.with(2, timeout: .seconds(1)) { play in
            _ = try await play.one.issue()
            play.redis.pause()
            let code = try await errorCode { try await play.one.issue(key: "k") }
            #expect(code == .outcomeUnknown)
            #expect(try await errorCode { try await play.one.store.checkReady() } == .unavailable)
            // A look changes nothing, and so is but not to be had.
            #expect(try await errorCode { try await play.two.waiting() } == .unavailable)
            #expect(await play.one.store.statistics().waiterCount == 0)
            play.redis.resume()
            for scene in play.scenes {
                try await eventually("it is back") { try await errorCode { try await scene.update() } == nil }
            }
            let ticket = try await play.two.issue(key: "k")
            #expect(try await play.one.issue(key: "k").token == ticket.token)
            #expect(try await play.one.queue() == [0, ticket.number])
        }
    }

    @Test("Callers that are let go while Redis is paused leave nothing behind, but what they have a key for")
    func pausedWaiting() async throws {
        try await RedisPlay.with(timeout: .seconds(1)) { play in
            _ = try await play.one.issue()
            let caller = try await play.one.acquire(timeout: 1_000)
            let keyed = try await play.one.acquire(timeout: 1_000, key: "k")
            let waiter = try await play.one.wait((try await play.one.issue()).number)
            let brief = try await play.one.acquire(timeout: 1)
            play.redis.pause()
            // Asked to take back the ticket of one, Redis does not answer; that is noticed.
            #expect(try await play.one.refusal(brief) == .acquireTimeout)
            #expect(try await errorCode { try await play.one.answer(caller) } == .unavailable)
            // It has its ticket, for whoever has the key.
            #expect(try await errorCode { try await play.one.answer(keyed) } == .outcomeUnknown)
            #expect(try await errorCode { try await play.one.answer(waiter) } == .unavailable)
            play.redis.resume()
            try await eventually("it is back") { try await errorCode { try await play.one.update() } == nil }
            try await eventually("what was let go is withdrawn") { try await play.one.queue() == [0, 2, 3] }
            let again = try await play.one.acquire(key: "k")
            try await play.one.finish(0)
            #expect(try await play.one.served(again).number == 2)
        }
    }

    @Test("A caller that goes away while Redis is gone loses its place when it is back")
    func withdrawnLater() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let caller = try await play.one.acquire()
            try await play.command("CLIENT", "KILL", "TYPE", "normal")
            caller.cancel()
            await #expect(throws: LockStoreError.self) { try await play.one.answer(caller) }
            try await eventually("the ticket is gone") {
                (try? await play.two.queue()) == [0]
            }
        }
    }

    @Test("A caller with a key that goes away while Redis is silent loses its place when it is back")
    func keyedWithdrawnLater() async throws {
        try await RedisPlay.with(timeout: .seconds(1)) { play in
            try await TCPRelay.with(to: play.redis.port) { relay in
                let scene = try await play.scene(through: relay)
                _ = try await play.one.issue()
                let caller = try await scene.acquire(timeout: 1_000, key: "k")
                relay.cut()
                caller.cancel()
                await #expect(throws: LockStoreError.self) { try await scene.answer(caller) }
                try await eventually("the silence is noticed") {
                    try await errorCode { try await scene.update() } == .unavailable
                }
                // What was asked never arrives.
                try await play.command("CLIENT", "KILL", "TYPE", "normal")
                relay.mend()
                try await eventually("the ticket is gone") { (try? await play.one.queue()) == [0] }
                await scene.end()
            }
        }
    }

    @Test("As many withdrawals of one ticket are remembered as may be repeated, and not one more")
    func withdrawalsRemembered() async throws {
        try await RedisPlay.with { play in
            _ = try await play.one.issue()
            let count = LockScripts.leftMax + 1
            for _ in 0..<count + 2 { _ = try await play.one.acquire(key: "k") }
            let waiting = try #require(try await play.one.lock()?.tickets.last)
            let withdraw = { (name: String) in
                try await play.one.redisStore.withdraw(
                    Withdrawal(id: ConversationID("ada"), number: 1, token: waiting.token, name: name))
            }
            for name in 0..<count { try await withdraw(String(name)) }
            // Two callers are left, from whom these take nothing.
            for name in 1..<count { try await withdraw(String(name)) }
            // The oldest is forgotten, and counts as one of them.
            try await withdraw("0")
            #expect(try await play.one.queue() == [0, 1])
            try await withdraw("last")
            #expect(try await play.one.queue() == [0])
        }
    }

    @Test("A withdrawal that was done unheard, and is repeated, takes the ticket from nobody else")
    func withdrawnOnce() async throws {
        try await RedisPlay.with(timeout: .seconds(1)) { play in
            _ = try await play.one.issue()
            let callers = try await [play.one.acquire(key: "k"), play.one.acquire(key: "k")]
            play.redis.pause()
            // It is in Redis's hands now, which does it when it goes on.
            callers[0].cancel()
            #expect(try await errorCode { try await play.one.answer(callers[1]) } == .outcomeUnknown)
            play.redis.resume()
            let store = play.one.redisStore
            try await eventually("it is back") { await store.isReady }
            // Behind the repeated one, on the same connection.
            try await play.one.update()
            #expect(try await play.value().contains(#"\"left\": ["#))
            #expect(try await play.one.queue() == [0, 1])
            let again = try await play.one.acquire(key: "k")
            try await play.one.finish(0)
            #expect(try await play.one.served(again).number == 1)
        }
    }

    @Test("Messages that are missed keep nobody waiting")
    func missedMessages() async throws {
        try await RedisPlay.with(2) { play in
            for _ in 0..<5 {
                let holder = try await play.one.issue()
                let caller = try await play.two.acquire()
                try await play.command("CLIENT", "KILL", "TYPE", "pubsub")
                try await play.one.finish(holder.number)
                let served = try await play.two.served(caller)
                #expect(served.number == holder.number + 1)
                try await play.one.cleanUp(served.number)
            }
        }
    }

    @Test("After FLUSHALL a caller is told at the holder's expiry at the latest; tokens grow on")
    func flushed() async throws {
        try await RedisPlay.with { play in
            let before = try await play.one.issue(lifetime: 3)
            let caller = try await play.one.acquire()
            try await play.command("FLUSHALL")
            #expect(try await play.one.refusal(caller) == .gone(.unknown))
            let after = try await play.one.issue()
            #expect(after.number == 0 && after.token > before.token)
        }
    }

    @Test("After SCRIPT FLUSH everything goes on")
    func scriptsFlushed() async throws {
        try await RedisPlay.with { play in
            for id in ["a", "b"] { _ = try await play.one.issue(id) }
            let caller = try await play.one.acquire("a")
            try await play.command("SCRIPT", "FLUSH")
            #expect(try await play.one.store.locks(prefix: "", limit: 10, from: 0).locks.count == 2)
            try await play.command("SCRIPT", "FLUSH")
            try await play.one.finish(0, of: "a")
            #expect(try await play.one.served(caller).number == 1)
        }
    }

    @Test(
        "When Redis is out of memory no ticket is issued, and those that are there are finished all the same")
    func outOfMemory() async throws {
        try await RedisPlay.with { play in
            _ = try await play.one.issue()
            let caller = try await play.one.acquire()
            try await play.command("CONFIG", "SET", "maxmemory", "1mb")
            #expect(try await errorCode { try await play.one.issue() } == .refused)
            #expect(try await errorCode { try await play.one.getOrCreate("new") } == .refused)
            try await play.one.finish(0)
            let served = try await play.one.served(caller)
            _ = try await play.one.extend(served.number, by: 10)
            #expect(try await play.one.cleanUp(served.number).deleted)
            try await play.command("CONFIG", "SET", "maxmemory", "0")
            #expect(try await play.one.issue().number == 2)
            #expect(play.harness.notices.all.contains { "\($0)".contains("OOM") })
        }
    }

    @Test(
        "What is no ticket lock is left as it is, and said to be unreadable",
        arguments: [
            "x", "5", "[1]", "{}", #"{"tickets":[1]}"#, #"{"tickets":["x"]}"#, #"{"tickets":["{}"]}"#,
        ])
    func unreadable(value: String) async throws {
        try await RedisPlay.with { play in
            try await play.command("SET", "lock:ada", value)
            try await expectUnreadable(play.one)
            #expect(try await play.value() == value)
            #expect(try await play.command("TTL", "lock:ada") == "-1")
            #expect(try await play.one.issue("grace").number == 0)
            #expect(try await play.one.store.locks(prefix: "", limit: 10, from: 0).locks.count == 1)
        }
    }

    @Test("A key of another type is left as it is, and said to be unreadable")
    func wrongType() async throws {
        try await RedisPlay.with { play in
            try await play.command("RPUSH", "lock:ada", "x")
            try await expectUnreadable(play.one)
            #expect(try await play.command("LRANGE", "lock:ada", "0", "-1") == "x")
            #expect(play.harness.notices.all.contains { "\($0)".contains("WRONGTYPE") })
        }
    }

    private func expectUnreadable(_ scene: LockStoreScene) async throws {
        #expect(try await errorCode { try await scene.issue() } == .unreadable)
        #expect(try await errorCode { try await scene.status(0) } == .unreadable)
        #expect(try await errorCode { try await scene.finish(0) } == .unreadable)
        #expect(try await errorCode { try await scene.cleanUp(nil) } == .unreadable)
        #expect(try await errorCode { try await scene.lock() } == .unreadable)
        #expect(try await errorCode { try await scene.delete() } == .unreadable)
    }

    @Test("Callers whose lock is overwritten with something else are told so")
    func overwritten() async throws {
        try await RedisPlay.with { play in
            _ = try await play.one.issue(lifetime: 3)
            let caller = try await play.one.acquire()
            try await play.command("SET", "lock:ada", "x")
            #expect(try await errorCode { try await play.one.answer(caller) } == .unreadable)
            #expect(await play.one.store.statistics().waiterCount == 0)
        }
    }

    @Test("Where messages are refused every operation is done, answered so, and seen by who waits")
    func messagesRefused() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let callers = try await [
                play.two.acquire(), play.two.acquire(), play.one.acquire(), play.two.wait(0, timeout: 0),
            ]
            let short = try await play.one.issue()
            let waiter = try await play.two.wait(short.number)
            try await play.command("ACL", "SETUSER", "default", "-publish")
            #expect(try await play.one.finish(0).removed)
            #expect(try await play.two.served(callers[0]).number == 1)
            #expect(try await play.one.cleanUp(1).removed)
            #expect(try await play.two.served(callers[1]).number == 2)
            callers[2].cancel()
            _ = try? await play.one.answer(callers[2])
            #expect(try await play.one.extend(short.number, by: 0.5).number == short.number)
            #expect(try await play.two.refusal(waiter)?.isGone(.expired) == true)
            _ = try await play.two.acquire()
            #expect(try await play.one.delete())
            #expect(try await play.one.lock() == nil)
        }
    }

    @Test(
        "No script can fail after its first write: what comes behind it is called so that its error is nothing"
    )
    func nothingBehindWrites() throws {
        let folder = BuiltProducts.packageRoot.appending(path: "Sources/RedisLockStore/Scripts")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for call in text.matches(of: /redis\.call\(\s*'(\w+)'/) {
                #expect(
                    ["TIME", "GET", "SET", "PEXPIRE"].contains(String(call.1)), "\(file.lastPathComponent)")
            }
        }
    }

    @Test(
        "A caller of acquire is served when Redis is back in time, whatever happened meanwhile",
        arguments: ["cut", "killed"])
    func outageOfSixSeconds(_ fault: String) async throws {
        let onDisk = ["--appendonly", "yes", "--appendfsync", "always"]
        try await RedisPlay.with(options: onDisk) { play in
            try await TCPRelay.with(to: play.redis.port) { relay in
                let scene = try await play.scene(through: relay)
                _ = try await play.one.issue(lifetime: 3)
                let caller = try await scene.acquire(lifetime: 60, timeout: 120)
                let behind = try await play.one.acquire(lifetime: 60, timeout: 120)
                if fault == "cut" {
                    // The holder's time is over meanwhile, and the caller's turn.
                    relay.cut()
                    try await play.harness.advance(by: .seconds(6))
                    relay.mend()
                } else {
                    play.redis.kill()
                    try await play.harness.advance(by: .seconds(6))
                    try await play.redis.restart()
                }
                #expect(try await scene.served(caller).number == 1)
                #expect(behind.isWaiting)
                try await eventually("the other is back") {
                    try await errorCode { try await play.one.finish(1) } == nil
                }
                #expect(try await play.one.served(behind).number == 2)
                await scene.end()
            }
        }
    }
}
