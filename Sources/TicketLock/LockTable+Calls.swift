/// The operations as values.
extension LockTable {
    /// What a call comes to in the step in which it is performed.
    package enum Step {
        case done(LockOutcome)
        /// Its caller waits for a ticket, which is watched from now on, until that moment.
        case waits(TicketStatus, until: Instant)
    }

    package mutating func perform(_ call: LockCall, now: Instant) -> Step {
        let id = call.id
        switch call.operation {
        case .issueTicket(let lifetime, let key):
            return .done(
                LockOutcome(takeTicket(TicketRequest(lifetime: lifetime, key: key), for: id, now: now)))
        case .wait(let number, let token, let timeout):
            let result = tell(number, token: token, for: id, now: now)
            guard timeout > .zero, case .success(let status) = result, status.isLocked else {
                return .done(LockOutcome(result))
            }
            return wait(status, for: id, until: now + timeout)
        case .acquire(let lifetime, let timeout, let key):
            let request = TicketRequest(kind: .acquire(until: now + timeout), lifetime: lifetime, key: key)
            let result = takeTicket(request, for: id, now: now)
            guard case .success(let status) = result, status.isLocked else {
                return .done(LockOutcome(result))
            }
            guard timeout > .zero else {
                withdraw(status.number, token: status.token, for: id, now: now)
                return .done(.refused(.acquireTimeout))
            }
            return wait(status, for: id, until: now + timeout)
        case .extend(let number, let token, let lifetime):
            return .done(LockOutcome(extend(number, token: token, by: lifetime, for: id, now: now)))
        case .finishServing(let number, let token):
            return .done(
                LockOutcome(finishServing(number, token: token, for: id, now: now)) { .finished($0) })
        case .withdraw(let number, let token):
            withdraw(number, token: token, for: id, now: now)
            return .done(.withdrawn)
        case .cleanUp(let number, let token):
            return .done(LockOutcome(cleanUp(number, token: token, for: id, now: now)) { .cleanedUp($0) })
        case .isSomeoneWaiting: return .done(.waiting(waiting(for: id, now: now)))
        case .getLock(let limit, let start):
            let lock = lock(for: id, limit: limit, from: start, now: now)
            return .done(lock.map { .lock($0, isNew: false) } ?? .noLock)
        case .getOrCreateLock:
            return .done(
                LockOutcome(lockCreatingIfAbsent(for: id, now: now)) { .lock($0.lock, isNew: $0.created) })
        case .deleteLock:
            let numbers = lock(for: id, now: now)?.tickets.map(\.number)
            return .done(.deleted(deleteLock(for: id, now: now) ? numbers : nil))
        case .list(let limit, let start):
            return .done(.page(page(prefix: id.string, limit: limit, from: start, now: now)))
        }
    }

    private mutating func wait(_ status: TicketStatus, for id: ConversationID, until: Instant) -> Step {
        watch(status.number, for: id)
        return .waits(status, until: until)
    }
}

extension LockOutcome {
    package init(_ result: Result<TicketStatus, Refusal>) {
        self.init(result) { .ticket($0) }
    }
}
