package import EventLoop
package import TicketLock

/// The lock store that lives in this process. Rasa: `InMemoryLockStore`.
///
/// An actor on the event loop: an operation is performed there and then. The rules are ``LockTable``'s; here are the
/// callers that wait, their answers, and time.
///
/// An operation is refused, with nothing done, or it is done. What is done is written, if there is a state on disk, and
/// nobody is told of it before that; if the disk fails, when it is written at last.
package actor InMemoryLockStore: LockStore {
    /// Expired tickets, and as many timeouts of callers, that are worked off in one turn of the loop, so that a
    /// storm of them delays no request by more than some milliseconds.
    static let expiriesPerTurnMax = 2_000

    /// What cannot be written is tried again after that.
    static let retryAfter = Duration.seconds(1)

    package nonisolated let loop: EventLoop
    let time: any Timekeeper
    var table: LockTable
    /// The same on the disk, if it is to be there.
    let state: LockState?
    var waiters = Waiters()
    /// Of callers that have gone while nothing could be written. No more than waited or were being answered when that
    /// began, since none are accepted meanwhile.
    var withdrawals: [LockCall] = []
    var isShuttingDown = false
    var outbox = Outbox()
    var isDelivering = false
    var sync = Sync.idle
    var diskSync: (any BackgroundSync)?
    /// Is told of tickets that expired while they were served. Set before the first operation.
    package var onLapses: (@Sendable (Lapses) -> Void)?
    /// When the alarm goes off, or before.
    var alarmDue = Instant.never

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameter firstToken: above every fencing token given out before a restart; the wall clock's
    ///   microseconds will do, since no process gives out a million a second for long.
    package init(loop: EventLoop, time: any Timekeeper, limits: LockLimits, firstToken: FencingToken) {
        self.loop = loop
        self.time = time
        table = LockTable(limits: limits, firstToken: firstToken)
        state = nil
    }

    /// One whose locks are on the disk as well: every change before its answer leaves.
    package init(loop: EventLoop, time: any Timekeeper, table: LockTable, state: LockState) {
        self.loop = loop
        self.time = time
        self.table = table
        self.state = state
    }

    /// Begins to expire tickets by itself. Once, before the first operation.
    package func start() {
        time.onWake { [weak self] in self?.onLoop { $0.alarmWentOff() } }
        diskSync = state?.makeDiskSync(on: loop) { [weak self] number in self?.onLoop { $0.syncEnded(number) }
        }
        // What was restored may be due already.
        setAlarm()
    }

    // MARK: Operations

    package nonisolated func perform(_ call: LockCall, _ reply: (any LockReply)?) {
        onLoop((call, reply)) { store, input in store.perform(call: input.0, input.1) }
    }

    private func perform(call: LockCall, _ reply: (any LockReply)?) {
        let now = time.now()
        do throws(LockStoreError) {
            if let state, call.operation.takesTicket { try state.checkGranting(now: now) }
            try makeReady(now: now)
        } catch {
            // While nothing can be written a ticket stays where it is, and is withdrawn before anything else is done.
            if case .withdraw = call.operation { withdrawals.append(call) }
            reply?.answer(.failure(error))
            return
        }
        let outcome = outcome(of: call, reply, now: now)
        write(now: now)
        if let outcome, let reply { give(outcome, of: call.id, to: reply) }
        deliver(now: now)
        setAlarm()
    }

    /// Performs a call as the rules have it; nil when its caller waits, in the same step in which its ticket was found
    /// to be waiting: whatever happens to the ticket from here on is told to it.
    private func outcome(of call: LockCall, _ reply: (any LockReply)?, now: Instant) -> LockOutcome? {
        switch table.perform(call, now: now) {
        case .done(let outcome): return outcome
        case .waits(let status, let due):
            guard let reply, !isShuttingDown else {
                return sentAway(status.number, status.token, of: call.id, now: now)
            }
            let isAcquire = call.operation.takesTicket
            waiters.add(Waiter(reply, id: call.id, status: status, isAcquire: isAcquire), until: due)
            return nil
        }
    }

    package nonisolated func abandon(_ reply: any LockReply) -> Bool {
        onLoop(reply) { store, reply in
            guard let waiter = reply.waiter, store.waiters.remove(waiter) else { return false }
            _ = waiter.takeReply()
            if waiter.isAcquire { store.perform(call: waiter.withdrawal, nil) }
            return true
        }
    }

    // MARK: The store itself

    package func statistics() async -> StoreStatistics {
        StoreStatistics(
            tickets: table.statistics, lockCount: table.lockCount, ticketCount: table.ticketCount,
            waiterCount: waiters.count, retainedNumberCount: table.retainedNumberCount,
            idempotencyKeyCount: table.idempotencyKeyCount)
    }

    package func checkReady() async throws(LockStoreError) {
        guard let state else { return }
        // There may be room again, and nobody else who would try.
        let now = time.now()
        try makeReady(now: now)
        write(now: now)
        deliver(now: now)
        try state.checkReady(now: now)
    }

    package func setLimits(_ limits: LockLimits) async {
        await state?.setLongestLife(limits.maxLifetime)
        table.limits = limits
        setAlarm()
    }

    package func shutDown() async {
        isShuttingDown = true
        let now = time.now()
        var failure: LockStoreError?
        do throws(LockStoreError) { try makeReady(now: now) } catch { failure = error }
        for waiter in waiters.all where waiters.remove(waiter) {
            let reply = waiter.takeReply()
            if let failure {
                reply.answer(.failure(failure))
                continue
            }
            let outcome = sentAway(waiter.number, waiter.token, of: waiter.id, now: now)
            write(now: now)
            give(outcome, of: waiter.id, to: reply)
        }
        deliver(now: now)
        if !isWritten { retryLater(now: now) }
    }

    /// What a caller is told that may not wait any more: its ticket, which it keeps.
    private func sentAway(
        _ number: TicketNumber, _ token: FencingToken, of id: ConversationID, now: Instant
    ) -> LockOutcome {
        LockOutcome(table.tell(number, token: token, for: id, now: now)) { .refused(.shuttingDown($0)) }
    }
}
