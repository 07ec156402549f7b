import EventLoop
import LockStore
import Support
import Testing
import TicketLock

/// A store by the real clock. Time decides no result here: only order, and that things happen at all.
private final class RealTimeHarness: LockStoreHarness {
    private let thread: LoopThread
    private let time: LoopTimekeeper
    let tick = Duration.milliseconds(1)

    init() throws {
        thread = try LoopThread()
        time = LoopTimekeeper(loop: thread.loop)
    }

    var loop: EventLoop { thread.loop }

    func makeStore(_ limits: LockLimits) async throws -> any LockStore {
        let store = InMemoryLockStore(loop: loop, time: time, limits: limits, firstToken: 1)
        await store.start()
        return store
    }

    func advance(by span: Duration) async throws { try await Task.sleep(for: span) }

    func tearDown() async {
        loop.submit { [time] in time.stop() }
        thread.stop()
    }
}

@Suite("The in-memory lock store by the real clock", .timeLimit(.minutes(5)))
struct LoopTimekeeperTests {
    private static let longTime = 3_600_000.0

    @Test(
        "The alarm hands the lock over when it is time, in the tickets' order, with no request coming in",
        arguments: [
            LockStoreCase("a holder's expiry serves the next") { scene in
                let before = ContinuousClock.now
                _ = try await scene.issue(lifetime: 20)
                let next = try await scene.acquire(timeout: longTime)
                #expect(try await scene.served(next).number == 1)
                #expect(ContinuousClock.now - before >= .milliseconds(20))
            },
            LockStoreCase("a chain of holders that expire") { scene in
                _ = try await scene.issue(lifetime: 5)
                var callers: [WaitingCall] = []
                for number in 1...5 {
                    callers.append(try await scene.acquire(lifetime: 5, timeout: longTime, as: "\(number)"))
                }
                for caller in callers { _ = try await scene.served(caller) }
                #expect(scene.ended == (1...5).map { "\($0)" })
            },
            LockStoreCase("an earlier deadline after a later one, then a later one again") { scene in
                _ = try await scene.issue("late", lifetime: longTime)
                _ = try await scene.issue("early", lifetime: longTime)
                let late = try await scene.acquire("late", timeout: longTime)
                for _ in 0..<3 {
                    let early = try await scene.acquire("early", timeout: 5)
                    #expect(try await scene.refusal(early) == .acquireTimeout)
                    let later = try await scene.acquire("early", timeout: 10)
                    #expect(try await scene.refusal(later) == .acquireTimeout)
                }
                #expect(late.isWaiting)
            },
            LockStoreCase("a lifetime that is over as soon as it began") { scene in
                let id = ConversationID("ada")
                let nanosecond = Duration.nanoseconds(1)
                _ = try await scene.store.issueTicket(for: id, lifetime: nanosecond, key: nil)
                try await scene.until("it is gone") { await $0.store.statistics().ticketCount == 0 }
            },
        ])
    func alarm(_ rule: LockStoreCase) async throws { try await rule.run(on: RealTimeHarness()) }

    @Test("Its clock goes forward")
    func forward() throws {
        let time = LoopTimekeeper(loop: try EventLoop())
        var last = time.now()
        for _ in 0..<1_000 {
            let now = time.now()
            #expect(now >= last)
            last = now
        }
    }
}
