import EventLoop
package import LockStore
import RedisClient
package import TicketLock

/// The operations, one script each.
extension RedisLockStore {
    package func perform(_ call: LockCall) async throws(LockStoreError) -> LockOutcome {
        let id = call.id
        switch call.operation {
        case .issueTicket(let lifetime, let key):
            return LockOutcome(try await issueTicket(for: id, lifetime: lifetime, key: key))
        case .wait(let number, let token, let timeout):
            return LockOutcome(try await wait(for: number, token: token, of: id, timeout: timeout))
        case .acquire(let lifetime, let timeout, let key):
            return LockOutcome(try await acquire(for: id, lifetime: lifetime, timeout: timeout, key: key))
        case .extend(let number, let token, let lifetime):
            return LockOutcome(try await extend(number, token: token, of: id, lifetime: lifetime))
        case .finishServing(let number, let token):
            return LockOutcome(try await finishServing(number, token: token, of: id)) { .finished($0) }
        case .withdraw(let number, let token):
            try await withdraw(withdrawal(number, token, of: id))
            return .withdrawn
        case .cleanUp(let number, let token):
            return LockOutcome(try await cleanUp(number, token: token, of: id)) { .cleanedUp($0) }
        case .isSomeoneWaiting: return .waiting(try await isSomeoneWaiting(for: id))
        case .getLock(let limit, let start):
            let lock = try await getLock(for: id)?.part(limit: limit, from: start)
            return lock.map { .lock($0, isNew: false) } ?? .noLock
        case .getOrCreateLock: return try await getOrCreateLock(for: id)
        case .deleteLock: return .deleted(try await deleteLock(for: id))
        case .list(let limit, let start):
            return .page(try await locks(prefix: id.string, limit: limit, from: start))
        }
    }

    private func issueTicket(
        for id: ConversationID, lifetime: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        let order = Order(isAcquire: false, lifetime: lifetime, timeout: .zero, key: key)
        let result = try await take(order, for: id)
        if case .success(let ticket) = result { try await confirm(ticket, of: id, order) }
        return result.map(\.status)
    }

    private func wait(
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        if Task.isCancelled { throw Self.cancellation }
        let until = time.now() + timeout
        let generation = rooms.generation(of: id)
        let result = try await status(of: number, token: token, for: id)
        guard case .success(let ticket) = result else { return result.map(\.status) }
        guard ticket.status.isLocked, timeout > .zero else {
            try await confirm()
            return result.map(\.status)
        }
        return try await park(ticket, of: id, nil, until: until, generation: generation)
    }

    private func acquire(
        for id: ConversationID, lifetime: Duration, timeout: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        if Task.isCancelled { throw Self.cancellation }
        let until = time.now() + timeout
        let generation = rooms.generation(of: id)
        let order = Order(isAcquire: true, lifetime: lifetime, timeout: timeout, key: key)
        let result = try await take(order, for: id)
        guard case .success(let ticket) = result else { return result.map(\.status) }
        guard ticket.status.isLocked else {
            try await confirm(ticket, of: id, order)
            return .success(ticket.status)
        }
        return try await park(ticket, of: id, order, until: until, generation: generation)
    }

    private func extend(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID, lifetime: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        let answer: TicketAnswer = try await run(
            scripts.extend, id, [String(number), Self.text(token), String(lifetime.microseconds)])
        note(answer, of: id)
        if answer.code == .ok { try await confirm() }
        return ticket(in: answer).map { ticket in
            indexes.tickets.set(
                Self.member(number, id), score: ticket.expires, isNew: false, now: time.now())
            noteLock(answer.reply, id)
            return ticket.status
        }
    }

    private func finishServing(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<Finished, Refusal> {
        let answer: QueueAnswer = try await run(
            scripts.finish, id, [String(number), Self.text(token), milliseconds(limits.numberRetention)])
        note(answer, of: id)
        if let refusal = Refusal(answer.code) { return .failure(refusal) }
        noteLock(answer.reply, id)
        try await confirm()
        return .success(
            Finished(
                removed: answer.done.contains(.removed), nowServing: answer.nowServing,
                isSomeoneWaiting: answer.count > 0))
    }

    private func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<CleanedUp, Refusal> {
        let answer: QueueAnswer = try await run(
            scripts.cleanUp, id,
            [number.map { String($0) } ?? "", Self.text(token), milliseconds(limits.numberRetention)])
        note(answer, of: id)
        if let refusal = Refusal(answer.code) { return .failure(refusal) }
        let isDeleted = answer.done.contains(.deleted)
        noteLock(answer.reply, id, isDeleted: isDeleted)
        try await confirm()
        return .success(
            CleanedUp(
                removed: answer.done.contains(.removed), deleted: isDeleted,
                isSomeoneWaiting: answer.count > 0))
    }
}
