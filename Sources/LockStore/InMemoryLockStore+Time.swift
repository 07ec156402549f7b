import EventLoop
import TicketLock

/// What happens by the time alone.
extension InMemoryLockStore {
    func setAlarm() {
        var due = min(table.nextDeadline ?? .never, waiters.nextDeadline ?? .never)
        if let state, due != .never { due = min(due, state.nextClockLook) }
        guard due < alarmDue else { return }
        alarmDue = due
        time.wake(at: due)
    }

    func alarmWentOff() {
        alarmDue = .never
        let now = time.now()
        var failure: LockStoreError?
        do throws(LockStoreError) {
            try makeReady(now: now)
            table.expire(now: now, limit: Self.expiriesPerTurnMax)
            write(now: now)
            state?.lookAtClock(now: now)
            deliver(now: now)
        } catch {
            // Nothing happens that cannot be written.
            failure = error
        }
        // But nobody waits for longer than it wished.
        for _ in 0..<Self.expiriesPerTurnMax {
            guard let waiter = waiters.firstDue(at: now), waiters.remove(waiter) else { break }
            if !isWritten { failure = LockStoreError(.stateUnwritable, "the disk has failed") }
            timeOut(waiter, failure, now: now)
        }
        deliver(now: now)
        if failure == nil, isWritten { setAlarm() } else { retryLater(now: now) }
    }

    private func timeOut(_ waiter: Waiter, _ failure: LockStoreError?, now: Instant) {
        let reply = waiter.takeReply()
        if let failure {
            if waiter.isAcquire { withdrawals.append(waiter.withdrawal) }
            return reply.answer(.failure(failure))
        }
        var outcome = LockOutcome.refused(.acquireTimeout)
        if waiter.isAcquire {
            _ = table.perform(waiter.withdrawal, now: now)
        } else {
            outcome = LockOutcome(
                table.status(of: waiter.number, token: waiter.token, for: waiter.id, now: now))
        }
        write(now: now)
        give(outcome, of: waiter.id, to: reply)
    }
}
