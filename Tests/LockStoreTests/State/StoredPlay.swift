import EventLoop
import Simulator
import Support
import TicketLock

@testable import LockStore

/// A store with its state on a simulated disk, step by step on the loop's thread.
final class StoredPlay: @unchecked Sendable {
    let disk: SimulatedDisk
    private let clock: ManualClock
    private let store: InMemoryLockStore
    private let loop: EventLoop

    /// A call under way, and what it was answered.
    final class Call: LockReply, @unchecked Sendable {
        var answer: CallAnswer?
        var waiter: Waiter?
        var isAbandoned = false
        var onAnswer: () -> Void = {}

        func answer(_ answer: CallAnswer) {
            precondition(self.answer == nil, "answered twice")
            self.answer = answer
            onAnswer()
        }

        var status: TicketStatus? {
            if case .success(.ticket(let status))? = answer { status } else { nil }
        }
        var refusal: Refusal? {
            if case .success(.refused(let refusal))? = answer { refusal } else { nil }
        }
        var failure: LockStoreError.Code? {
            if case .failure(let error)? = answer { error.code } else { nil }
        }
    }

    private init(_ durability: StateDurability, on loop: EventLoop) throws {
        self.loop = loop
        disk = SimulatedDisk(random: SimulatedRandom(seed: 1))
        let clock = ManualClock(loop: loop)
        self.clock = clock
        let machine = MachineClock(bootID: 1, now: { clock.now() }, wallTime: { 1_800_000_000_000_000_000 })
        var limits = LockLimits()
        limits.ticketsPerLockMax = 50_000
        var options = LockState.Options(directory: "state", durability: durability, limits: limits)
        options.logBytes = 1 << 18
        let (state, table) = try LockState.open(options, clock: machine, disk: disk.startProcess())
        store = InMemoryLockStore(loop: loop, time: clock, table: table, state: state)
        store.onLoop { $0.start() }
    }

    /// Plays on a loop of its own.
    static func run(
        _ durability: StateDurability, _ body: @escaping @Sendable (StoredPlay) throws -> Void
    ) async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            try await loop.run { try body(try StoredPlay(durability, on: loop)) }
        }
    }

    var now: Instant { clock.now() }

    @discardableResult
    func perform(_ operation: LockOperation, _ id: String) -> Call {
        let call = Call()
        store.perform(LockCall(operation, for: ConversationID(id)), call)
        return call
    }

    func issue(_ id: String, lifetime: Duration) {
        perform(.issueTicket(lifetime: lifetime, key: nil), id)
    }

    @discardableResult
    func acquire(_ id: String, lifetime: Duration = .seconds(1000), key: String? = nil) -> Call {
        perform(.acquire(lifetime: lifetime, timeout: .seconds(2000), key: key), id)
    }

    func hangUp(_ call: Call) {
        call.isAbandoned = true
        _ = store.abandon(call)
    }

    /// Issues tickets that all expire in one turn of the loop.
    func storm(_ count: Int, lifetime: Duration) {
        for _ in 0..<count { issue("storm", lifetime: lifetime) }
    }

    /// Lets time pass that nobody has noticed yet.
    func jump(_ span: Duration) { clock.jump(by: span) }

    func advance(_ span: Duration) { clock.advance(by: span) }

    /// The turn of the loop ends.
    func beginSync() { store.onLoop { $0.beginSync() } }

    func endSyncs() {
        if disk.pendingSyncs.isEmpty { beginSync() }
        while let sync = disk.pendingSyncs.first { disk.end(sync) }
    }
}
