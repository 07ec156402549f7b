import EventLoop
import TicketLock

/// The one way by which answers leave, and the disk that some of them wait for.
extension InMemoryLockStore {
    /// How far a sync of what is not safe on the disk yet has come.
    enum Sync {
        case idle
        /// At the end of the turn: so all that was done in it is made safe together.
        case isDue
        case isUnderWay
    }

    /// Sees that what is done next can be written, and withdraws what could not be withdrawn before. Throws when it must
    /// not be done.
    func makeReady(now: Instant) throws(LockStoreError) {
        guard let state else { return }
        try state.makeReady(now: now)
        while let call = withdrawals.popLast() { _ = table.perform(call, now: now) }
    }

    /// Writes what has been done since the last call.
    func write(now: Instant) {
        guard let state else { return }
        do throws(LockStoreError) {
            try state.write(&table, now: now)
        } catch {
            // It is done; it is written when that is possible, whether or not anybody asks.
        }
        if !isWritten { retryLater(now: now) }
        scheduleSync()
    }

    /// Whether the disk, or the kernel for it, has all that was done.
    var isWritten: Bool { state?.mustTakeOver != true }
    /// Whether what was done survives what it is to survive, so that anybody may know of it.
    var isSafe: Bool { isWritten && sync == .idle }

    /// Answers with what has been decided in this step, now or when it is safe. ``deliver(now:)`` follows.
    func give(_ outcome: LockOutcome, of id: ConversationID, to reply: any LockReply) {
        if isSafe {
            leave(outcome, to: reply)
        } else {
            outbox.append(Outbox.Letter(outcome: outcome, id: id, reply: reply))
        }
    }

    /// Lets the answers leave that may, those of waiters among them.
    func deliver(now: Instant) {
        guard !isDelivering else { return }
        if isSafe { for letter in outbox.takeAll() { leave(letter, now: now) } }
        // While nothing can be written they wait on, with their timeouts.
        guard isWritten else { return }
        if let lapses = table.takeLapses() { onLapses?(lapses) }
        while isWritten, table.hasEvents { tellWaiters(now: now) }
    }

    private func tellWaiters(now: Instant) {
        for event in table.takeEvents() {
            switch event {
            case .served(let status):
                while let waiter = waiters.takeOne(of: status.token) {
                    tell(waiter, .ticket(status), now: now)
                }
            case .ended(let token, let reason):
                while let waiter = waiters.takeOne(of: token) {
                    // The ticket of an acquire lives to its caller's timeout, so this is that timeout.
                    let isTimeout = waiter.isAcquire && reason == .expired
                    tell(waiter, .refused(isTimeout ? .acquireTimeout : .gone(reason)), now: now)
                }
            }
        }
    }

    private func tell(_ waiter: Waiter, _ outcome: LockOutcome, now: Instant) {
        let letter = Outbox.Letter(outcome: outcome, id: waiter.id, reply: waiter.takeReply())
        if isSafe { leave(letter, now: now) } else { outbox.append(letter) }
    }

    /// Answers with what is true now of something that was decided before.
    private func leave(_ letter: Outbox.Letter, now: Instant) {
        let outcome = table.review(letter.outcome, for: letter.id, now: now)
        // The ticket lives by an extension that came later: told when that is safe, too.
        if !isSafe, let expiry = outcome.ticketExpiry, let before = letter.outcome.ticketExpiry,
            expiry > before
        {
            return outbox.append(Outbox.Letter(outcome: outcome, id: letter.id, reply: letter.reply))
        }
        leave(outcome, to: letter.reply)
    }

    /// The answer may find its caller gone, whose ticket is withdrawn then: an operation within this one. Whom that
    /// concerns is told after it, and not from within.
    private func leave(_ outcome: LockOutcome, to reply: any LockReply) {
        let wasDelivering = isDelivering
        isDelivering = true
        reply.answer(.success(outcome))
        isDelivering = wasDelivering
    }

    // MARK: The disk

    private func scheduleSync() {
        guard let state, state.isUnsynced, isWritten, sync == .idle else { return }
        sync = .isDue
        loop.atEndOfTurn { [weak self] in self?.onLoop { $0.beginSync() } }
    }

    func beginSync() {
        // The database may have taken all over meanwhile.
        guard sync == .isDue else { return }
        guard let state, state.isUnsynced, isWritten else { return endSync(nil) }
        sync = .isUnderWay
        outbox.cover()
        guard let diskSync else { return endSync(state.sync()) }
        state.syncBegins()
        diskSync.begin()
    }

    func syncEnded(_ number: Int32) { endSync(state?.syncEnded(number)) }

    private func endSync(_ error: LockStoreError?) {
        let now = time.now()
        sync = .idle
        scheduleSync()
        if error == nil, isWritten {
            for letter in outbox.takeCovered() { leave(letter, now: now) }
        } else {
            // What the disk did not take is written anew, to the database.
            do throws(LockStoreError) { try makeReady(now: now) } catch { retryLater(now: now) }
            write(now: now)
        }
        deliver(now: now)
        setAlarm()
    }

    /// Tries again before long, and looks after the callers whose timeout passes meanwhile.
    func retryLater(now: Instant) {
        alarmDue = min(alarmDue, now + Self.retryAfter, waiters.nextDeadline ?? .never)
        time.wake(at: alarmDue)
        guard isShuttingDown, !isWritten else { return }
        // There is no later.
        for letter in outbox.takeAll() {
            letter.reply.answer(.failure(LockStoreError(.outcomeUnknown, "the state cannot be written")))
        }
    }
}
