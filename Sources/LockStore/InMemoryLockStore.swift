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

    private static let retryAfter = Duration.seconds(1)

    package nonisolated let loop: EventLoop
    private let time: any Timekeeper
    private var table: LockTable
    /// The same on the disk, if it is to be there.
    private let state: LockState?
    private var waiters = Waiters()
    private var isShuttingDown = false
    /// The end of the turn is going to make something safe on the disk, and those wait for it.
    private var isSyncing = false
    private var waitingForSync: [UnsafeContinuation<LockStoreError?, Never>] = []
    /// Those whom the sync that is under way is for.
    private var inSync: [UnsafeContinuation<LockStoreError?, Never>] = []
    private var isSyncUnderWay = false
    private var diskSync: DiskSync?
    /// When the alarm goes off, or before.
    private var alarmDue = Instant.never

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

    // MARK: Tickets

    package func issueTicket(
        for id: ConversationID, lifetime: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        if let state { try state.checkGranting(now: time.now()) }
        let result = try perform { table, now in
            table.takeTicket(TicketRequest(lifetime: lifetime, key: key), for: id, now: now)
        }
        if state != nil { try await settled() }
        return result
    }

    package func wait(
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        switch try beginWait(for: number, token: token, of: id, timeout: timeout) {
        case .ended(let result):
            if state != nil { try await settled() }
            return result
        case .waits(let waiter): return try await outcome(of: waiter)
        }
    }

    package func acquire(
        for id: ConversationID, lifetime: Duration, timeout: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        switch try beginAcquire(for: id, lifetime: lifetime, timeout: timeout, key: key) {
        case .ended(let result):
            if state != nil { try await settled() }
            return result
        case .waits(let waiter): return try await outcome(of: waiter)
        }
    }

    package func extend(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID, lifetime: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        let result = try perform { table, now in
            table.extend(number, token: token, by: lifetime, for: id, now: now)
        }
        if state != nil { try await settled() }
        return result
    }

    package func finishServing(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<Finished, Refusal> {
        let result = try perform { table, now in table.finishServing(number, token: token, for: id, now: now)
        }
        if state != nil { try await settled() }
        return result
    }

    package func withdraw(
        _ number: TicketNumber, token: FencingToken, of id: ConversationID
    ) async throws(LockStoreError) {
        try perform { table, now in table.withdraw(number, token: token, for: id, now: now) }
        if state != nil { try await settled() }
    }

    package func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<CleanedUp, Refusal> {
        let result = try perform { table, now in table.cleanUp(number, token: token, for: id, now: now) }
        if state != nil { try await settled() }
        return result
    }

    // MARK: Locks

    package func isSomeoneWaiting(for id: ConversationID) async throws(LockStoreError) -> Waiting {
        let result = try perform { table, now in table.waiting(for: id, now: now) }
        if state != nil { try await settled() }
        return result
    }

    package func update(_ id: ConversationID) async throws(LockStoreError) {
        try perform { table, now in table.update(id, now: now) }
        if state != nil { try await settled() }
    }

    package func getLock(for id: ConversationID) async throws(LockStoreError) -> LockSnapshot? {
        let result = try perform { table, now in table.lock(for: id, now: now) }
        if state != nil { try await settled() }
        return result
    }

    package func getOrCreateLock(
        for id: ConversationID
    ) async throws(LockStoreError) -> Result<(lock: LockSnapshot, created: Bool), Refusal> {
        let result = try perform { table, now in table.lockCreatingIfAbsent(for: id, now: now) }
        if state != nil { try await settled() }
        return result
    }

    package func deleteLock(for id: ConversationID) async throws(LockStoreError) -> Bool {
        let result = try perform { table, now in table.deleteLock(for: id, now: now) }
        if state != nil { try await settled() }
        return result
    }

    package func locks(prefix: String, limit: Int, from start: Int) async throws(LockStoreError) -> LockPage {
        let result = try perform { table, now in
            table.page(prefix: prefix, limit: limit, from: start, now: now)
        }
        if state != nil { try await settled() }
        return result
    }

    // MARK: The store itself

    package func statistics() async -> StoreStatistics {
        StoreStatistics(
            tickets: table.statistics, lockCount: table.lockCount, ticketCount: table.ticketCount,
            waiterCount: waiters.count, retainedNumberCount: table.retainedNumberCount,
            idempotencyKeyCount: table.idempotencyKeyCount)
    }

    package func checkReady() async throws(LockStoreError) {
        try state?.checkReady(now: time.now())
    }

    package func setLimits(_ limits: LockLimits) async {
        table.limits = limits
        state?.setLongestLife(limits.maxLifetime)
        setAlarm()
    }

    package func shutDown() async {
        isShuttingDown = true
        for waiter in waiters.all {
            do throws(LockStoreError) {
                let result = try sentAway(waiter)
                _ = waiters.resolve(waiter, .answered(result))
            } catch {
                _ = waiters.resolve(waiter, .failed(error))
            }
        }
    }

    /// What a caller is told that may not wait any more: its ticket, which it keeps.
    private func sentAway(_ waiter: Waiter) throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        let status = try perform { table, now in
            table.tell(waiter.number, token: waiter.token, for: waiter.id, now: now)
        }
        return status.flatMap { .failure(.shuttingDown($0)) }
    }

    // MARK: Waiting and time

    /// Does one operation, then tells who must be told and sees to the alarm.
    private func perform<Value>(
        _ operation: (inout LockTable, Instant) -> Value
    ) throws(LockStoreError) -> Value {
        let now = time.now()
        if let state { try state.makeReady(now: now) }
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

    private func write(to state: LockState, now: Instant) throws(LockStoreError) {
        try state.write(&table, now: now)
        if state.isUnsynced, !isSyncing {
            isSyncing = true
            loop.atEndOfTurn { [weak self] in self?.onLoop { $0.beginSync() } }
        }
    }

    /// All that was done in a turn of the loop is made safe on the disk together, and with it what is done until
    /// the disk is ready for it.
    private func beginSync() {
        guard let state, state.isUnsynced else { return resumeSynced(nil) }
        swap(&inSync, &waitingForSync)
        guard let diskSync, !state.isLogBroken else {
            let error = state.sync()
            return resumeSynced(error)
        }
        isSyncUnderWay = true
        state.syncBegins()
        diskSync.begin()
    }

    private func syncEnded(_ number: Int32) {
        isSyncUnderWay = false
        resumeSynced(state?.syncEnded(number))
    }

    private func resumeSynced(_ error: LockStoreError?) {
        var ended: [UnsafeContinuation<LockStoreError?, Never>] = []
        swap(&ended, &inSync)
        for continuation in ended { continuation.resume(returning: error) }
        ended.removeAll(keepingCapacity: true)
        swap(&ended, &inSync)
        if state?.isUnsynced == true { return beginSync() }
        isSyncing = false
        // The database has taken over what they wait for.
        var others: [UnsafeContinuation<LockStoreError?, Never>] = []
        swap(&others, &waitingForSync)
        for continuation in others { continuation.resume(returning: nil) }
    }

    /// Returns when all that was done so far survives what it is to survive. Until then nobody may know of it.
    private func settled() async throws(LockStoreError) {
        guard isSyncing else { return }
        let error = await withUnsafeContinuation {
            (continuation: UnsafeContinuation<LockStoreError?, Never>) in
            // A sync that is under way has all there is, unless something was done since.
            if isSyncUnderWay, state?.isUnsynced == false {
                inSync.append(continuation)
            } else {
                waitingForSync.append(continuation)
            }
        }
        if let error { throw error }
    }

    /// A call of wait or acquire that is over, or the caller that waits. What comes before the waiting is in
    /// functions of its own, so that the frame of a parked request keeps nothing of it.
    private enum Beginning {
        case ended(Result<TicketStatus, Refusal>)
        case waits(Waiter)
    }

    @inline(never)
    private func beginWait(
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration
    ) throws(LockStoreError) -> Beginning {
        let (result, now) = try perform { table, now in
            (table.tell(number, token: token, for: id, now: now), now)
        }
        guard case .success(let status) = result, status.isLocked, timeout > .zero else {
            return .ended(result)
        }
        return try park(Waiter(id: id, status: status, isAcquire: false), until: now + timeout)
    }

    @inline(never)
    private func beginAcquire(
        for id: ConversationID, lifetime: Duration, timeout: Duration, key: IdempotencyKey?
    ) throws(LockStoreError) -> Beginning {
        if let state { try state.checkGranting(now: time.now()) }
        let (result, until) = try perform { table, now in
            let until = now + timeout
            let request = TicketRequest(kind: .acquire(until: until), lifetime: lifetime, key: key)
            return (table.takeTicket(request, for: id, now: now), until)
        }
        guard case .success(let status) = result, status.isLocked else { return .ended(result) }
        let waiter = Waiter(id: id, status: status, isAcquire: true)
        guard timeout > .zero else {
            giveUp(waiter)
            return .ended(.failure(.acquireTimeout))
        }
        return try park(waiter, until: until)
    }

    /// Makes a caller a waiting one, in the same step in which its ticket was found to be waiting: whatever
    /// happens to the ticket from here on is told to it.
    private func park(_ waiter: Waiter, until due: Instant) throws(LockStoreError) -> Beginning {
        guard !isShuttingDown else { return .ended(try sentAway(waiter)) }
        table.watch(waiter.number, for: waiter.id)
        waiters.add(waiter, until: due)
        setAlarm()
        return .waits(waiter)
    }

    private func outcome(
        of waiter: Waiter
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        await withTaskCancellationHandler {
            await waiter.end(isolation: self)
        } onCancel: {
            cancel(waiter)
        }
        if state != nil { try await settled() }
        return try waiter.answer()
    }

    private nonisolated func cancel(_ waiter: Waiter) {
        guard loop.isOnLoopThread else {
            loop.submit { self.cancel(waiter) }
            return
        }
        onLoop { store in
            guard store.waiters.resolve(waiter, .cancelled) else { return }
            store.giveUp(waiter)
        }
    }

    /// Withdraws the ticket of an acquire that waits no more, unless a repeated request still waits for it.
    private func giveUp(_ waiter: Waiter) {
        guard waiter.isAcquire else { return }
        do throws(LockStoreError) {
            try perform { table, now in
                table.withdraw(waiter.number, token: waiter.token, for: waiter.id, now: now)
            }
        } catch {
            // While nothing can be written it stays where it is. Nobody extends it, so it does not stay for long.
        }
    }

    private func tellWaiters() {
        for event in table.takeEvents() {
            switch event {
            case .served(let status):
                waiters.resolveAll(status.token) { _ in .success(status) }
            case .ended(let token, let reason):
                waiters.resolveAll(token) { waiter in
                    // The ticket of an acquire lives to its caller's timeout, so this is that timeout.
                    .failure(waiter.isAcquire && reason == .expired ? .acquireTimeout : .gone(reason))
                }
            }
        }
    }

    private func setAlarm() {
        var due = min(table.nextDeadline ?? .never, waiters.nextDeadline ?? .never)
        if let state, table.ticketCount > 0 { due = min(due, state.nextClockLook) }
        guard due < alarmDue else { return }
        alarmDue = due
        time.wake(at: due)
    }

    private func retryLater(now: Instant) {
        alarmDue = min(alarmDue, now + Self.retryAfter)
        time.wake(at: alarmDue)
    }

    private func alarmWentOff() {
        alarmDue = .never
        let now = time.now()
        do throws(LockStoreError) {
            if let state { try state.makeReady(now: now) }
            table.expire(now: now, limit: Self.expiriesPerTurnMax)
            if let state { try write(to: state, now: now) }
            state?.lookAtClock(now: now)
        } catch {
            // Nothing happens that cannot be written.
            return retryLater(now: now)
        }
        tellWaiters()
        for _ in 0..<Self.expiriesPerTurnMax {
            guard let waiter = waiters.firstDue(at: now) else { break }
            timeOut(waiter, now: now)
        }
        setAlarm()
    }

    private func timeOut(_ waiter: Waiter, now: Instant) {
        if waiter.isAcquire {
            _ = waiters.resolve(waiter, .answered(.failure(.acquireTimeout)))
            giveUp(waiter)
        } else {
            do throws(LockStoreError) {
                let status = try perform { table, now in
                    table.status(of: waiter.number, token: waiter.token, for: waiter.id, now: now)
                }
                _ = waiters.resolve(waiter, .answered(status))
            } catch {
                _ = waiters.resolve(waiter, .failed(error))
            }
        }
    }
}
