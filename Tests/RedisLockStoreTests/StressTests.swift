import LockStore
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: many callers at three daemons", .timeLimit(.minutes(5)))
struct StressTests {
    /// The seed, which the run prints as the case's argument.
    static let seeds = [UInt64.random(in: .min ... .max)]

    @Test(
        "Each is alone inside, in the order of the tickets, though callers go away and connections break",
        arguments: seeds)
    func stress(seed: UInt64) async throws {
        try await RedisPlay.with(3) { play in
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<24 {
                    let store = play.scenes[caller % 3].redisStore
                    let random = SeededRandom(seed: seed &+ UInt64(caller))
                    let one = Caller(store: store, ledger: ledger, random: random)
                    group.addTask {
                        var one = one
                        try await one.run()
                    }
                }
                group.addTask {
                    for round in 0..<8 {
                        try await Task.sleep(for: .milliseconds(500))
                        try await play.command("CLIENT", "KILL", "TYPE", round % 2 == 0 ? "pubsub" : "normal")
                    }
                    await ledger.end()
                }
                try await group.waitForAll()
            }
            #expect(await ledger.served > 50)
            #expect(await ledger.faults == [])
            for scene in play.scenes {
                #expect(await scene.store.statistics().waiterCount == 0)
            }
        }
    }
}

/// Who was inside of what, and what was wrong with it.
private actor Ledger {
    private(set) var faults: [String] = []
    private(set) var served = 0
    private(set) var isOver = false
    private var inside: [String: TicketNumber] = [:]
    private var last: [String: TicketStatus] = [:]

    func end() { isOver = true }

    func enter(_ id: String, _ ticket: TicketStatus) {
        served += 1
        if let other = inside[id] { faults.append("\(id): \(ticket.number) entered beside \(other)") }
        if let last = last[id], last.number >= ticket.number || last.token >= ticket.token {
            faults.append("\(id): \(ticket.number) came after \(last.number)")
        }
        inside[id] = ticket.number
        last[id] = ticket
    }

    func leave(_ id: String) { inside[id] = nil }
}

/// A caller that takes locks again and again, and sometimes goes away.
private struct Caller {
    let store: RedisLockStore
    let ledger: Ledger
    var random: SeededRandom

    mutating func run() async throws {
        while await !ledger.isOver {
            let id = "conversation \(random.next() % 4)"
            let key = "\(random.next())"
            let call = acquire(id, key)
            if random.chance(0.25) {
                try await Task.sleep(for: .microseconds(random.next() % 3_000))
                call.cancel()
            }
            var result = await call.result
            // A connection that broke. Whether the ticket is there or not, the same key finds out.
            while case .failure(let error) = result, (error as? LockStoreError)?.code != .cancelled {
                try await Task.sleep(for: .milliseconds(5))
                result = await acquire(id, key).result
            }
            if case .success(let outcome) = result { try await hold(id, try outcome.get()) }
        }
    }

    private func acquire(_ id: String, _ key: String) -> Task<Result<TicketStatus, Refusal>, any Error> {
        Task { [store] in
            try await store.acquire(
                for: ConversationID(id), lifetime: .seconds(60), timeout: .seconds(60), key: key)
        }
    }

    private mutating func hold(_ id: String, _ ticket: TicketStatus) async throws {
        await ledger.enter(id, ticket)
        if random.chance(0.3) { try await Task.sleep(for: .microseconds(random.next() % 5_000)) }
        await ledger.leave(id)
        try await finish(id, ticket)
    }

    private func finish(_ id: String, _ ticket: TicketStatus) async throws {
        while true {
            do throws(LockStoreError) {
                _ = try await store.cleanUp(ticket.number, token: ticket.token, of: ConversationID(id))
                return
            } catch {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
