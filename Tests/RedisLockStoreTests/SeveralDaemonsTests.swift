import EventLoop
import LockStore
import RedisClient
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: several daemons", .timeLimit(.minutes(5)))
struct SeveralDaemonsTests {
    @Test("A ticket taken at one daemon is waited for at another and finished at the first")
    func handOver() async throws {
        try await RedisPlay.with(2) { play in
            let first = try await play.one.issue()
            let second = try await play.one.issue()
            let waiter = try await play.two.wait(second.number, token: second.token)
            #expect(try await play.one.finish(first.number, token: first.token).removed)
            #expect(try await play.two.served(waiter).token == second.token)
            #expect(try await play.two.cleanUp(second.number, token: second.token).deleted)
            #expect(try await play.one.lock() == nil)
            #expect(try await play.one.issue().number == 2)
        }
    }

    @Test("Whatever ends a ticket at one daemon is told to who waits for it at another")
    func endings() async throws {
        try await RedisPlay.with(2) { play in
            for _ in 0..<5 { _ = try await play.one.issue() }
            var waiters: [WaitingCall] = []
            for number: TicketNumber in 1..<5 { waiters.append(try await play.two.wait(number)) }
            try await play.one.finish(2)
            #expect(try await play.two.refusal(waiters[1]) == .gone(.removed))
            _ = try await play.one.extend(3, by: 0.5)
            #expect(try await play.two.refusal(waiters[2]) == .gone(.expired))
            #expect(await play.two.waits(waiters[0]))
            try await play.one.delete()
            for waiter in [waiters[0], waiters[3]] {
                #expect(try await play.two.refusal(waiter) == .gone(.lockDeleted))
            }
        }
    }

    @Test("An idempotency key gets the same ticket at every daemon, which goes with its last caller")
    func keys() async throws {
        try await RedisPlay.with(2) { play in
            let holder = try await play.one.issue(key: "k")
            #expect(try await play.two.issue(key: "k").token == holder.token)
            let callers = [try await play.one.acquire(key: "a"), try await play.two.acquire(key: "a")]
            callers[0].cancel()
            await #expect(throws: LockStoreError.self) { try await play.one.answer(callers[0]) }
            #expect(try await play.two.queue() == [0, 1])
            try await play.one.finish(0)
            let served = try await play.two.served(callers[1])
            #expect(served.number == 1)
            try await play.two.withdraw(served)
            #expect(try await play.one.queue() == [])
        }
    }

    @Test(
        "A daemon that is gone keeps nobody waiting longer than its callers would, or a reply may take",
        arguments: [6, 1_000])
    func lostDaemon(timeout: Double) async throws {
        try await RedisPlay.with(2, timeout: .seconds(2)) { play in
            _ = try await play.one.issue(lifetime: 4)
            for _ in 0..<3 { _ = try await play.one.acquire(lifetime: 1_000, timeout: timeout) }
            let waiter = try await play.two.acquire()
            // Nothing more comes from it, as after kill -9.
            await play.one.redisStore.stop()
            #expect(try await play.two.served(waiter).number == 4)
        }
    }

    @Test("Callers at two daemons are served one at a time, in the order of their tickets")
    func order() async throws {
        try await RedisPlay.with(2) { play in
            var callers: [WaitingCall] = []
            for number in 0..<20 { callers.append(try await play.scenes[number % 2].acquire()) }
            for (number, caller) in callers.enumerated() {
                let ticket = try await play.scenes[number % 2].served(caller)
                #expect(ticket.number == TicketNumber(number))
                #expect(await play.one.waits(callers[min(number + 1, 19)]) == (number < 19))
                try await play.scenes[(number + number / 2) % 2].cleanUp(ticket.number, token: ticket.token)
            }
            #expect(await play.one.store.statistics().waiterCount == 0)
            // What the two have counted adds up.
            let counts = [
                await play.one.store.statistics().tickets, await play.two.store.statistics().tickets,
            ]
            #expect(counts.reduce(0) { $0 + $1.issued } == 20)
            #expect(counts.reduce(0) { $0 + $1.finished } == 20)
            #expect(counts.allSatisfy { $0.waitTimes.counts.reduce(0, +) > 0 })
        }
    }

    @Test("Numbers and tokens that two daemons give out at the same time are all different")
    func distinct() async throws {
        try await RedisPlay.with(2) { play in
            let tickets = try await withThrowingTaskGroup(of: TicketStatus.self) { group in
                for number in 0..<200 {
                    let scene = play.scenes[number % 2]
                    group.addTask { try await scene.issue() }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let inOrder = tickets.sorted { $0.number < $1.number }
            #expect(inOrder.map(\.number) == (0..<200).map { TicketNumber($0) })
            #expect(inOrder.map(\.token) == Set(tickets.map(\.token)).sorted())
        }
    }

    @Test("Tokens grow on though Redis has lost the newest and its clock is behind, as after a fail-over")
    func tokensAfterFailOver() async throws {
        try await RedisPlay.with { play in
            // As if given out by a master whose clock was an hour ahead.
            let ahead = Int64(try await play.one.issue().token) + 3_600_000_000
            let value = try await play.value().replacing(
                /"last_token": \d+/, with: "\"last_token\": \(ahead)")
            try await play.command("SET", "lock:ada", value)
            let ticket = try await play.one.issue()
            #expect(ticket.token == UInt64(ahead) + 1)
            try await play.command("DEL", "lock:ada")
            for number: TicketNumber in 0..<2 {
                let next = try await play.one.issue()
                #expect(next.number == number && next.token > ticket.token)
            }
        }
    }

    @Test("A daemon that never saw the old master gives out no smaller tokens than it, nor does one that did")
    func tokensOfNewDaemons() async throws {
        try await RedisPlay.with { play in
            let now = try await play.one.issue("before").token
            // What a daemon leaves that has seen a master an hour ahead.
            try await play.command("SET", "ticketlockd:locks:lead", "3600000000")
            let store = try await play.harness.makeRedisStore()
            let scene = LockStoreScene(play.harness, store)
            let first = try await scene.issue()
            #expect(first.token > now + 3_600_000_000 && first.token < now + 3_700_000_000)
            #expect(try await scene.served(try await scene.acquire("grace")).token > first.token)
            await scene.end()
        }
    }

    @Test("Counts are the same at every daemon")
    func counts() async throws {
        try await RedisPlay.with(2) { play in
            for id in ["a", "b", "c"] { _ = try await play.one.issue(id, key: "k") }
            try await play.two.finish(0, of: "b")
            try await play.two.cleanUp(0, of: "c")
            for scene in play.scenes {
                // The second daemon knows of the removal only, and writes it behind the first one's addition.
                try await eventually("the counts agree") {
                    let statistics = await scene.store.statistics()
                    return statistics.lockCount == 2 && statistics.ticketCount == 1
                        && statistics.idempotencyKeyCount == 1
                }
            }
        }
    }

    @Test("Daemons whose clocks differ by hours agree on who is served and until when")
    func skew() async throws {
        try await RedisPlay.with(1) { play in
            let skewed = try await play.harness.makeSkewedStore(by: .seconds(7_200))
            let other = LockStoreScene(play.harness, skewed)
            _ = try await play.one.issue(lifetime: 2)
            let waiter = try await other.acquire(lifetime: 3, timeout: 1_000)
            let next = try await play.one.acquire()
            #expect(try await other.served(waiter).number == 1)
            #expect(try await play.one.served(next).number == 2)
            // What they show is Redis's time.
            let store = play.one.redisStore
            let shown = try await play.harness.loop.run { (store.realTime { 0 }, skewed.realTime { 0 }) }
            #expect(abs(shown.0 - shown.1) < 50_000_000 && shown.0 > 0)
            await other.end()
        }
    }
}
