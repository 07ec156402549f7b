import EventLoop
import HistoryChecker
import LockStore
import TicketLock

/// One process: a store with its state, and the requests that it has not answered.
///
/// `@unchecked Sendable`: the loop's thread's.
final class SimulatedDaemon: @unchecked Sendable {
    let store: InMemoryLockStore
    let time: SimulatedTimekeeper
    private(set) var state: LockState?
    private unowned let simulation: Simulation
    /// In the order in which they came.
    private(set) var open: [SimulatedCall] = []
    private(set) var isDead = false

    init(_ simulation: Simulation, _ state: LockState, _ table: LockTable, on loop: EventLoop) {
        self.simulation = simulation
        self.state = state
        time = SimulatedTimekeeper(simulation)
        store = InMemoryLockStore(loop: loop, time: time, table: table, state: state)
        store.onLoop { $0.start() }
    }

    /// Performs what a client asks.
    func take(_ call: SimulatedCall) {
        open.append(call)
        call.daemon = self
        store.perform(call.call, call)
    }

    fileprivate func answer(_ call: SimulatedCall, _ answer: CallAnswer) {
        guard !isDead else { return }
        guard !call.isAbandoned else { return takeBack(call, answer) }
        open.removeAll { $0 === call }
        simulation.answered(call, answer)
    }

    func hangUp(_ call: SimulatedCall) {
        call.isAbandoned = true
        open.removeAll { $0 === call }
        _ = store.abandon(call)
    }

    /// A ticket that its caller was not told of is taken back.
    private func takeBack(_ call: SimulatedCall, _ answer: CallAnswer) {
        guard case .success(let outcome) = answer, let withdrawal = call.call.withdrawal(of: outcome) else {
            return
        }
        store.perform(withdrawal, nil)
    }

    /// The process is dead: nobody hears of it any more.
    func die() {
        isDead = true
        time.isStopped = true
        open = []
    }

    /// Lets go of what is parked in a dead process.
    func clearAway() {
        Task(executorPreference: store.loop) { [store] in await store.shutDown() }
    }

    /// Shuts down cleanly; the callers that wait are sent away first.
    func shutDown(_ done: @escaping @Sendable () -> Void) {
        Task(executorPreference: store.loop) { [store] in
            await store.shutDown()
            done()
        }
    }

    func close() throws(LockStateError) { try state?.close() }
}

/// A request of a client.
///
/// `@unchecked Sendable`: the loop's thread's.
final class SimulatedCall: LockReply, @unchecked Sendable {
    let request: HistoryRequest
    let call: LockCall
    fileprivate weak var daemon: SimulatedDaemon?
    private var isAnswered = false
    var isAbandoned = false
    var waiter: Waiter?

    init(_ request: HistoryRequest, _ call: LockCall) {
        self.request = request
        self.call = call
    }

    func answer(_ answer: CallAnswer) {
        precondition(!isAnswered, "answered twice")
        isAnswered = true
        daemon?.answer(self, answer)
    }
}
