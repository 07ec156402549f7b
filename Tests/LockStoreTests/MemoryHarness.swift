import EventLoop
import LockStore
import Support
import TicketLock

/// The in-memory lock store on a loop of its own, by a clock that is advanced.
final class MemoryHarness: LockStoreHarness {
    private let thread: LoopThread
    let clock: ManualClock
    let tick = Duration.seconds(1)

    init() throws {
        thread = try LoopThread()
        clock = ManualClock(loop: thread.loop)
    }

    var loop: EventLoop { thread.loop }

    func makeStore(_ limits: LockLimits) async throws -> any LockStore { try await makeMemoryStore(limits) }

    func makeMemoryStore(_ limits: LockLimits = LockLimits()) async throws -> InMemoryLockStore {
        let store = InMemoryLockStore(loop: loop, time: clock, limits: limits, firstToken: 1)
        await store.start()
        return store
    }

    func advance(by span: Duration) async throws {
        try await thread.run { [clock] in clock.advance(by: span) }
    }

    func tearDown() async { thread.stop() }
}
