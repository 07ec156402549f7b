import Support
import Testing
import TicketLock

@testable import LockStore

@Suite("The in-memory lock store", .timeLimit(.minutes(5)))
struct InMemoryLockStoreTests {
    /// Runs `body` on the loop with a store by the manual clock.
    private func play(
        limits: LockLimits = LockLimits(),
        _ body: @escaping @Sendable (isolated LockStoreScene, ManualClock) async throws -> Void
    ) async throws {
        let harness = try MemoryHarness()
        let clock = harness.clock
        let rule = LockStoreCase(
            "", limits: { given, _ in given = limits }, body: { try await body($0, clock) })
        try await rule.run(on: harness)
    }

    @Test("1,000 callers of acquire are served in the order they came")
    func manyCallers() async throws {
        try await play { scene, _ in
            for number in 0..<1_000 { _ = try await scene.acquire(as: "\(number)") }
            for number in 0..<1_000 {
                try await scene.until("\(number) is served") { $0.ended.count == number + 1 }
                try await scene.finish(TicketNumber(number))
            }
            #expect(scene.ended == (0..<1_000).map { "\($0)" })
            #expect(await scene.store.statistics().waiterCount == 0)
        }
    }

    @Test("1,000 callers that wait for one ticket are all told", arguments: ["served", "timed out", "gone"])
    func manyWaiters(how: String) async throws {
        try await play { scene, _ in
            for _ in 0..<2 { _ = try await scene.issue() }
            var waiters: [WaitingCall] = []
            for _ in 0..<1_000 { waiters.append(try await scene.wait(1, timeout: 10)) }
            switch how {
            case "served": try await scene.finish(0)
            case "gone": try await scene.finish(1)
            default: try await scene.advance(10)
            }
            for waiter in waiters {
                switch how {
                case "served": #expect(try await scene.served(waiter).number == 1)
                case "gone": #expect(try await scene.refusal(waiter) == .gone(.removed))
                default: #expect(try await scene.answer(waiter).get().isLocked)
                }
            }
            #expect(await scene.store.statistics().waiterCount == 0)
        }
    }

    @Test("A waiter is answered at the very nanosecond its timeout passes, each at its own")
    func deadlines() async throws {
        try await play { scene, clock in
            _ = try await scene.issue()
            let timeouts: [Double] = [5, 2, 9, 2, 7, 3]
            for timeout in timeouts { _ = try await scene.acquire(timeout: timeout, as: "\(Int(timeout))") }
            var passed = 0
            for due in [2, 3, 5, 7, 9] {
                clock.advance(by: .seconds(due - passed) - .nanoseconds(1))
                try await scene.settle()
                #expect(scene.ended.allSatisfy { (Int($0) ?? .max) < due })
                clock.advance(by: .nanoseconds(1))
                try await scene.settle()
                #expect(scene.ended.contains("\(due)"))
                passed = due
            }
            #expect(scene.ended == ["2", "2", "3", "5", "7", "9"])
        }
    }

    @Test(
        "A ticket is there one nanosecond before its expiry, and gone at it",
        arguments: [0, 1, 1_000_000_000])
    func expiry(nanosecondsMore: Int64) async throws {
        try await play { scene, clock in
            let lifetime = Duration.nanoseconds(1 + nanosecondsMore)
            let id = ConversationID("ada")
            let ticket = try await scene.store.issueTicket(for: id, lifetime: lifetime, key: nil).get()
            #expect(ticket.expires == clock.now() + lifetime)
            clock.advance(by: lifetime - .nanoseconds(1))
            #expect(try await scene.queue() == [0])
            clock.advance(by: .nanoseconds(1))
            #expect(await scene.store.statistics().ticketCount == 0)
        }
    }

    @Test("An acquire's lifetime runs from the very moment it is served; extend's from now")
    func lifetimes() async throws {
        try await play { scene, clock in
            _ = try await scene.issue(lifetime: 7)
            let caller = try await scene.acquire(lifetime: 3, timeout: 50)
            clock.advance(by: .seconds(7))
            #expect(try await scene.served(caller).expires == clock.now() + .seconds(3))
            clock.advance(by: .seconds(2))
            #expect(try await scene.extend(1, by: 5).expires == clock.now() + .seconds(5))
        }
    }

    @Test("Waiters are told what became of their tickets")
    func reasons() async throws {
        try await play { scene, _ in
            for lifetime: Double in [100, 1, 100, 100] { _ = try await scene.issue(lifetime: lifetime) }
            var waiters: [WaitingCall] = []
            for number: TicketNumber in 1...3 { waiters.append(try await scene.wait(number)) }
            try await scene.advance(1)
            try await scene.finish(2)
            try await scene.delete()
            for (waiter, reason) in zip(waiters, [GoneReason.expired, .removed, .lockDeleted]) {
                #expect(try await scene.refusal(waiter) == .gone(reason))
            }
        }
    }

    @Test("A late alarm serves nobody whose own ticket has run out meanwhile")
    func lateAlarm() async throws {
        try await play { scene, clock in
            _ = try await scene.issue(lifetime: 1)
            let late = try await scene.acquire(lifetime: 100, timeout: 2)
            let next = try await scene.acquire(lifetime: 4, timeout: 50)
            clock.jump(by: .seconds(10), alarms: 1)
            #expect(try await scene.refusal(late) == .acquireTimeout)
            #expect(try await scene.served(next).expires == clock.now() + .seconds(4))
        }
    }

    @Test("Without the alarm, too, an operation finds no ticket that has expired")
    func noAlarm() async throws {
        try await play { scene, clock in
            for lifetime: Double in [1, 100] { _ = try await scene.issue(lifetime: lifetime) }
            let waiter = try await scene.wait(1)
            clock.jump(by: .seconds(2))
            #expect(try await scene.lock()?.nowServing == 1)
            #expect(try await scene.served(waiter).number == 1)
        }
    }

    @Test("A storm of expiries is worked off in bounded turns, which hide no ticket's expiry")
    func storm() async throws {
        let share = InMemoryLockStore.expiriesPerTurnMax
        try await play { scene, clock in
            let count = 2 * share + share / 2
            for number in 0..<count { _ = try await scene.issue("\(number)", lifetime: 1) }
            _ = try await scene.issue("\(count - 1)", lifetime: 100)
            let last = try await scene.wait(1, of: "\(count - 1)")
            clock.jump(by: .seconds(2))
            for left in [count, count - share, count - 2 * share, 0] {
                #expect(await scene.store.statistics().ticketCount == left + 1)
                #expect(last.isWaiting || left == 0)
                clock.jump(by: .zero, alarms: 1)
            }
            #expect(try await scene.served(last).number == 1)
        }
    }

    @Test("A request in the middle of a storm finds its own lock's expired tickets gone")
    func requestInStorm() async throws {
        try await play { scene, clock in
            let count = InMemoryLockStore.expiriesPerTurnMax + 1
            for number in 0..<count { _ = try await scene.issue("\(number)", lifetime: 1) }
            clock.jump(by: .seconds(2))
            for number in [0, count / 2, count - 1] { #expect(try await scene.queue("\(number)") == []) }
            #expect(await scene.store.statistics().ticketCount == count - 3)
            // The store goes on by itself, though no time passes.
            clock.advance(by: .zero)
            #expect(await scene.store.statistics().ticketCount == 0)
        }
    }

    @Test("A store in which nothing is due is not woken")
    func idle() async throws {
        try await play { scene, clock in
            clock.advance(by: .seconds(100_000))
            #expect(clock.alarmCount == 0)
            _ = try await scene.issue(lifetime: 1_000)
            let waiter = try await scene.acquire(timeout: 500)
            clock.advance(by: .seconds(499))
            #expect(clock.alarmCount == 0)
            clock.advance(by: .seconds(1))
            #expect(try await scene.refusal(waiter) == .acquireTimeout)
            #expect(clock.alarmCount == 1)
        }
    }

    @Test("Of the retained numbers the oldest are forgotten first", arguments: [0, 1, 2, 3])
    func retainedNumbers(countMax: Int) async throws {
        var limits = LockLimits()
        limits.retainedNumbersMax = countMax
        try await play(limits: limits) { scene, _ in
            for id in ["a", "b", "c"] { try await scene.cleanUp(try await scene.issue(id).number, of: id) }
            #expect(await scene.store.statistics().retainedNumberCount == countMax)
            for (id, age) in [("a", 3), ("b", 2), ("c", 1)] {
                #expect(try await scene.issue(id).number == (age <= countMax ? 1 : 0))
            }
        }
    }

    @Test("A shorter retention holds at once, for empty locks that are there")
    func shorterRetention() async throws {
        try await play { scene, clock in
            try await scene.getOrCreate()
            clock.advance(by: .seconds(10))
            var limits = LockLimits()
            limits.numberRetention = .seconds(20)
            await scene.store.setLimits(limits)
            clock.advance(by: .seconds(9))
            #expect(await scene.store.statistics().lockCount == 1)
            clock.advance(by: .seconds(1))
            #expect(await scene.store.statistics().lockCount == 0)
        }
    }

    @Test("Nothing keeps a store that nobody has any more")
    func released() async throws {
        let harness = try MemoryHarness()
        weak var store: InMemoryLockStore?
        do {
            let made = try await harness.makeMemoryStore()
            store = made
            let id = ConversationID("ada")
            let never = Duration.seconds(1_000)
            _ = try await made.acquire(for: id, lifetime: never, timeout: never, key: nil).get()
            let task = Task { try await made.acquire(for: id, lifetime: never, timeout: never, key: nil) }
            task.cancel()
            await #expect(throws: LockStoreError.self) { try await task.value }
        }
        await harness.tearDown()
        #expect(store == nil)
    }
}
