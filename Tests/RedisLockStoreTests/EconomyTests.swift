import LockStore
import RedisClient
import Support
import Synchronization
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: what it costs, and what it leaves behind", .timeLimit(.minutes(5)))
struct EconomyTests {
    @Test("A cycle without anybody else is two commands, whoever does it how often")
    func roundTrips() async throws {
        try await RedisPlay.with { play in
            let ticket = try await play.one.served(try await play.one.acquire())
            try await play.one.cleanUp(ticket.number)
            // Which waits for what is written later, so that nothing of it is left.
            _ = await play.one.store.statistics()
            try await play.command("CONFIG", "RESETSTAT")
            let began = ContinuousClock.now
            for _ in 0..<10 {
                let id = ConversationID("ada")
                let store = play.one.store
                let ticket = try await store.acquire(
                    for: id, lifetime: .seconds(60), timeout: .seconds(60), key: nil
                ).get()
                _ = try await store.cleanUp(ticket.number, token: ticket.token, of: id)
            }
            #expect(try await play.calls(of: "evalsha") == 20)
            // A daemon listens to itself, once a second.
            let seconds = Int((ContinuousClock.now - began).components.seconds)
            #expect(try await play.calls(of: "publish") <= seconds + 2)
            #expect(try await play.calls(of: "subscribe") == 0)
        }
    }

    @Test("Nobody asks Redis anything while callers wait and nothing happens")
    func noPolling() async throws {
        try await RedisPlay.with { play in
            _ = try await play.one.issue()
            var callers: [WaitingCall] = []
            for _ in 0..<5 { callers.append(try await play.one.acquire()) }
            try await eventually("all is quiet") {
                try await play.command("CONFIG", "RESETSTAT")
                try await play.harness.advance(by: .milliseconds(100))
                return try await play.calls(of: "evalsha") == 0
            }
            try await play.command("CONFIG", "RESETSTAT")
            try await play.harness.advance(by: .seconds(3))
            #expect(try await play.calls(of: "evalsha") == 0)
            #expect(try await play.calls(of: "get") == 0)
            for caller in callers { #expect(await play.one.waits(caller)) }
        }
    }

    @Test("A conversation that nobody waits in any more is not listened to for long")
    func unsubscribed() async throws {
        try await RedisPlay.with { play in
            _ = try await play.one.issue()
            let caller = try await play.one.acquire()
            try await eventually("it listens") {
                try await play.command("PUBSUB", "NUMSUB", "ticketlockd:lock:ada").hasSuffix("1")
            }
            try await play.one.finish(0)
            _ = try await play.one.served(caller)
            try await eventually("it does not listen") {
                try await play.command("PUBSUB", "NUMSUB", "ticketlockd:lock:ada").hasSuffix("0")
            }
        }
    }

    @Test("Every key has a time to live, whatever was done last")
    func timesToLive() async throws {
        try await RedisPlay.with { play in
            let one = play.one
            _ = try await one.issue("issued", lifetime: 20)
            _ = try await one.issue("keyed", key: "k")
            _ = try await one.served(try await one.acquire("acquired"))
            _ = try await one.acquire("acquired")
            try await one.getOrCreate("created")
            for id in ["finished", "cleaned", "deleted", "withdrawn", "extended"] {
                let ticket = try await one.issue(id)
                switch id {
                case "finished": try await one.finish(0, of: id)
                case "cleaned": try await one.cleanUp(0, of: id)
                case "deleted": try await one.delete(id)
                case "withdrawn": try await one.withdraw(ticket, of: id)
                default: _ = try await one.extend(0, of: id, by: 2)
                }
            }
            for id in ["unknown 1", "unknown 2"] {
                _ = try await one.lock(id)
                try await one.finish(0, of: id)
                _ = try await one.waiting(id)
            }
            _ = await one.store.statistics()
            let keys = try await play.command("KEYS", "*").split(separator: "\n").map(String.init)
            #expect(keys.count == 12)
            for key in keys {
                let seconds = try #require(Int(try await play.command("TTL", key)))
                #expect(seconds > 3_500 && seconds < 8_000, "\(key)")
            }
        }
    }

    @Test("What nobody touches any more is gone when its time has passed, down to the last key")
    func nothingStays() async throws {
        var limits = LockLimits()
        limits.numberRetention = .seconds(1)
        try await RedisPlay.with(limits: limits) { play in
            for id in ["a", "b", "c"] { _ = try await play.one.issue(id, lifetime: 1) }
            try await play.one.cleanUp(0, of: "b")
            _ = await play.one.store.statistics()
            try await eventually("all is gone") {
                try await play.command("DBSIZE") == "0"
            }
            #expect(await play.one.store.statistics().lockCount == 0)
        }
    }

    @Test("A prefix stands for itself in a listing, and a key prefix keeps stores apart")
    func prefixes() async throws {
        try await RedisPlay.with { play in
            let ids = ["a*", "ab", "a?", "a[b]", "a\\", "a]", "a-", "a^b", "lock:a", "é*"]
            for id in ids { _ = try await play.one.issue(id) }
            let other = try await play.harness.makeRedisStore(keyPrefix: "other")
            let scene = LockStoreScene(play.harness, other)
            _ = try await scene.issue("ab")
            _ = try await scene.issue("only")
            for prefix in ids + ["a", "", "x"] {
                let page = try await play.one.store.locks(prefix: prefix, limit: 100, from: 0)
                let expected = ids.filter { $0.utf8.starts(with: prefix.utf8) }
                #expect(page.locks.map(\.conversationID.string).sorted() == expected.sorted(), "\(prefix)")
            }
            let page = try await other.locks(prefix: "", limit: 100, from: 0)
            #expect(page.locks.map(\.conversationID.string).sorted() == ["ab", "only"])
            #expect(await other.statistics().lockCount == 2)
            #expect(try await play.command("EXISTS", "other:lock:only") == "1")
            await scene.end()
        }
    }

    @Test("A listing of thousands of locks meets each once, though others come and go meanwhile")
    func longListing() async throws {
        try await RedisPlay.with { play in
            let store = play.one.store
            for number in 0..<3_000 {
                _ = try await store.issueTicket(
                    for: ConversationID("stays \(number)"), lifetime: .seconds(600), key: nil)
            }
            var found: [String] = []
            var cursor: Int? = 0
            var round = 0
            while let start = cursor {
                let page = try await store.locks(prefix: "", limit: 100, from: start)
                #expect(page.locks.count <= 100)
                found += page.locks.map(\.conversationID.string).filter { $0.hasPrefix("stays") }
                cursor = page.next
                _ = try await store.issueTicket(
                    for: ConversationID("comes \(round)"), lifetime: .seconds(600), key: nil)
                if round > 3 { _ = try await store.deleteLock(for: ConversationID("comes \(round - 3)")) }
                round += 1
            }
            #expect(Set(found).count == 3_000)
            #expect(found.count == 3_000)
        }
    }

    @Test("A listing of deep locks is asked for in steps, between which others get their turn")
    func deepListing() async throws {
        try await RedisPlay.with(2) { play in
            let expires = "4102444800.000000"
            let tickets = (0..<5_000).map { number in
                #""{\"number\": \#(number), \"expires\": \#(expires), \"token\": \#(number + 1), \"issued\": 1}""#
            }.joined(separator: ", ")
            let redis = await play.one.redisStore.redis
            for number in 0..<40 {
                let value =
                    #"{"conversation_id": "d\#(number)", "tickets": [\#(tickets)], "last_issued": 4999, "last_token": 5000}"#
                _ = try await redis.command(RedisCommand(["SET", "lock:d\(number)", value]))
            }
            let listed = Atomic(false)
            let store = play.one.store
            async let listing = {
                var (found, cursor) = (0, Optional(0))
                while let start = cursor {
                    let page = try await store.locks(prefix: "d", limit: 100, from: start)
                    found += page.locks.count
                    cursor = page.next
                }
                listed.store(true, ordering: .sequentiallyConsistent)
                return found
            }()
            var turns = 0
            while !listed.load(ordering: .sequentiallyConsistent) {
                try await play.two.getOrCreate("other")
                turns += 1
            }
            #expect(try await listing == 40)
            #expect(turns >= 20, "\(turns) turns of others")
        }
    }
}
