package import EventLoop
package import TicketLock

/// The lock store that lives in this process. Rasa: `InMemoryLockStore`.
///
/// An actor on the event loop: its operations are answered without leaving the loop's thread, and only a
/// caller that waits suspends. The rules are ``LockTable``'s; here are the callers that wait, and time.
package actor InMemoryLockStore: LockStore, LoopActor {
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
    /// Callers of acquire that have gone while nothing could be written. No more than waited when that began, since
    /// none are accepted meanwhile.
    var abandoned: [Waiter] = []
    var isShuttingDown = false
    /// The end of the turn is going to make something safe on the disk, and those wait for it.
    var isSyncing = false
    var waitingForSync: [UnsafeContinuation<LockStoreError?, Never>] = []
    /// Those whom the sync that is under way is for.
    var inSync: [UnsafeContinuation<LockStoreError?, Never>] = []
    var isSyncUnderWay = false
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

    package func perform(_ call: LockCall) async throws(LockStoreError) -> LockOutcome {
        switch try begin(call) {
        case .ended(let outcome):
            if isSyncing { try await settled() }
            return outcome
        case .waits(let waiter): return try await outcome(of: waiter)
        }
    }

    /// A call that is over, or whose caller waits. What comes before the waiting is in a function of its own, so that
    /// the frame of a parked request keeps nothing of it.
    enum Beginning {
        case ended(LockOutcome)
        case waits(Waiter)
    }

    @inline(never)
    private func begin(_ call: LockCall) throws(LockStoreError) -> Beginning {
        if let state, call.operation.takesTicket { try state.checkGranting(now: time.now()) }
        switch try perform({ table, now in table.perform(call, now: now) }) {
        case .done(let outcome): return .ended(outcome)
        case .waits(let status, let due):
            let waiter = Waiter(id: call.id, status: status, isAcquire: call.operation.takesTicket)
            return try park(waiter, until: due)
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
        try state.checkReady(now: now)
    }

    package func setLimits(_ limits: LockLimits) async {
        await state?.setLongestLife(limits.maxLifetime)
        table.limits = limits
        setAlarm()
    }

    package func shutDown() async {
        isShuttingDown = true
        for waiter in waiters.all {
            resolve(waiter) { store throws(LockStoreError) in try store.sentAway(waiter) }
        }
    }

    /// What a caller is told that may not wait any more: its ticket, which it keeps.
    func sentAway(_ waiter: Waiter) throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        let status = try perform { table, now in
            table.tell(waiter.number, token: waiter.token, for: waiter.id, now: now)
        }
        return status.flatMap { .failure(.shuttingDown($0)) }
    }

    /// Does one operation, then tells who must be told and sees to the alarm.
    func perform<Value>(
        _ operation: (inout LockTable, Instant) -> Value
    ) throws(LockStoreError) -> Value {
        let now = time.now()
        try makeReady(now: now)
        let value = operation(&table, now)
        if let state {
            do throws(LockStoreError) {
                try write(to: state, now: now)
            } catch {
                // It is done, and those who wait are told when it is written, whether or not anybody asks.
                retryLater(now: now)
                throw error
            }
        }
        tellWaiters()
        setAlarm()
        return value
    }
}
