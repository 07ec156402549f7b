import EventLoop
import Foundation
import LockStore
import Support
import Testing
import TicketLock

/// The in-memory lock store with its state on disk.
final class StoredHarness: LockStoreHarness {
    private let memory: MemoryHarness
    private let durability: StateDurability
    private let folder: URL
    let tick = Duration.seconds(1)

    init(_ durability: StateDurability) throws {
        memory = try MemoryHarness()
        self.durability = durability
        folder = FileManager.default.temporaryDirectory.appending(path: "ticketlockd-" + UUID().uuidString)
    }

    var loop: EventLoop { memory.loop }

    func makeStore(_ limits: LockLimits) async throws -> any LockStore {
        let now = try await memory.loop.run { [clock = memory.clock] in clock.now() }
        let machine = MachineClock(bootID: 1, now: { now }, wallTime: { 1_800_000_000_000_000_000 })
        let options = LockState.Options(directory: folder.path, durability: durability, limits: limits)
        let (state, table) = try LockState.open(options, clock: machine)
        let store = InMemoryLockStore(loop: loop, time: memory.clock, table: table, state: state)
        await store.start()
        return store
    }

    func advance(by span: Duration) async throws { try await memory.advance(by: span) }

    func tearDown() async {
        await memory.tearDown()
        #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) }
    }
}

@Suite(
    "The in-memory lock store with its state on disk keeps the rules of every lock store",
    .timeLimit(.minutes(5)))
struct StoredStoreConformanceTests {
    @Test(
        "All rules", arguments: StateDurability.allCases,
        [
            LockStoreConformance.numbers, LockStoreConformance.queue, LockStoreConformance.waiting,
            LockStoreConformance.acquire, LockStoreConformance.idempotency, LockStoreConformance.handOver,
            LockStoreConformance.locks, LockStoreConformance.limits, LockStoreConformance.shutDown,
            LockStoreConformance.rasa, LockStoreConformance.bytes,
        ])
    func rules(durability: StateDurability, rules: [LockStoreCase]) async throws {
        for rule in rules { try await rule.run(on: StoredHarness(durability)) }
    }
}
