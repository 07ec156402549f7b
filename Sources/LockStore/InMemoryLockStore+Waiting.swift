import EventLoop
import TicketLock

/// Callers that wait, and time.
extension InMemoryLockStore {
    /// Makes a caller a waiting one, in the same step in which its ticket was found to be waiting: whatever
    /// happens to the ticket from here on is told to it.
    func park(_ waiter: Waiter, until due: Instant) throws(LockStoreError) -> Beginning {
        guard !isShuttingDown else { return .ended(LockOutcome(try sentAway(waiter))) }
        waiters.add(waiter, until: due)
        setAlarm()
        return .waits(waiter)
    }

    func outcome(of waiter: Waiter) async throws(LockStoreError) -> LockOutcome {
        await withTaskCancellationHandler {
            await waiter.end(isolation: self)
        } onCancel: {
            cancel(waiter)
        }
        if isSyncing { try await settled() }
        // It was resolved in a job before this one, and what it was told may have been lost in between.
        try state?.checkSafe()
        return LockOutcome(try waiter.answer())
    }

    nonisolated func cancel(_ waiter: Waiter) {
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
    func giveUp(_ waiter: Waiter) {
        guard waiter.isAcquire else { return }
        do throws(LockStoreError) {
            try perform { table, now in
                table.withdraw(waiter.number, token: waiter.token, for: waiter.id, now: now)
            }
        } catch {
            // While nothing can be written it stays where it is, and goes before anything else is done.
            abandoned.append(waiter)
        }
    }

    /// Sees that what is done next can be written, and withdraws what could not be withdrawn before.
    func makeReady(now: Instant) throws(LockStoreError) {
        guard let state else { return }
        try state.makeReady(now: now)
        while let waiter = abandoned.popLast() {
            table.withdraw(waiter.number, token: waiter.token, for: waiter.id, now: now)
        }
    }

    func tellWaiters() {
        if let lapses = table.takeLapses() { onLapses?(lapses) }
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

    func setAlarm() {
        var due = min(table.nextDeadline ?? .never, waiters.nextDeadline ?? .never)
        if let state, due != .never { due = min(due, state.nextClockLook) }
        guard due < alarmDue else { return }
        alarmDue = due
        time.wake(at: due)
    }

    func retryLater(now: Instant) {
        alarmDue = min(alarmDue, now + Self.retryAfter)
        time.wake(at: alarmDue)
    }

    func alarmWentOff() {
        alarmDue = .never
        let now = time.now()
        do throws(LockStoreError) {
            try makeReady(now: now)
            table.expire(now: now, limit: Self.expiriesPerTurnMax)
            if let state { try write(to: state, now: now) }
            state?.lookAtClock(now: now)
        } catch {
            // Nothing happens that cannot be written; but nobody waits for longer than it wished.
            forEachDue(now: now) { waiter in
                _ = waiters.resolve(waiter, .failed(error))
                if waiter.isAcquire { abandoned.append(waiter) }
            }
            return retryLater(now: now)
        }
        tellWaiters()
        forEachDue(now: now) { timeOut($0, now: now) }
        setAlarm()
    }

    /// Calls `end` with the callers whose timeout has passed, as many as are for one turn; it ends their waiting.
    func forEachDue(now: Instant, _ end: (Waiter) -> Void) {
        for _ in 0..<Self.expiriesPerTurnMax {
            guard let waiter = waiters.firstDue(at: now) else { break }
            end(waiter)
        }
    }

    func timeOut(_ waiter: Waiter, now: Instant) {
        if waiter.isAcquire {
            _ = waiters.resolve(waiter, .answered(.failure(.acquireTimeout)))
            giveUp(waiter)
        } else {
            resolve(waiter) { store throws(LockStoreError) in
                try store.perform { table, now in
                    table.status(of: waiter.number, token: waiter.token, for: waiter.id, now: now)
                }
            }
        }
    }

    /// Ends a caller's waiting with what `answer` finds, or why it cannot be found.
    func resolve(
        _ waiter: Waiter,
        with answer: (isolated InMemoryLockStore) throws(LockStoreError) -> Result<TicketStatus, Refusal>
    ) {
        do throws(LockStoreError) {
            let result = try answer(self)
            _ = waiters.resolve(waiter, .answered(result))
        } catch {
            _ = waiters.resolve(waiter, .failed(error))
        }
    }
}
