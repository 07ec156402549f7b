import EventLoop
package import LockStore
import RedisClient
package import TicketLock

/// The operations, one script each.
extension RedisLockStore {
    package nonisolated func perform(_ call: LockCall, _ reply: (any LockReply)?) {
        onLoop((call, reply)) { store, input in
            let (call, reply) = input
            store.startTask { store in
                do throws(LockStoreError) {
                    let outcome = try await store.outcome(of: call, reply)
                    if let outcome { reply?.answer(.success(outcome)) }
                } catch {
                    reply?.answer(.failure(error))
                }
            }
        }
    }

    package nonisolated func abandon(_ reply: any LockReply) -> Bool {
        onLoop(reply) { store, reply in
            guard let waiter = reply.waiter, store.waiters.remove(waiter) else { return false }
            _ = waiter.takeReply()
            store.left(waiter)
            if waiter.isAcquire { store.giveUp(waiter.number, waiter.token, of: waiter.id) }
            return true
        }
    }

    /// What a call has come to; nil when its caller waits.
    private func outcome(
        of call: LockCall, _ reply: (any LockReply)?
    ) async throws(LockStoreError) -> LockOutcome? {
        let id = call.id
        switch call.operation {
        case .issueTicket(let lifetime, let key):
            return LockOutcome(try await issueTicket(for: id, lifetime: lifetime, key: key))
        case .wait(let number, let token, let timeout):
            return try await wait(for: number, token: token, of: id, timeout: timeout, reply)
        case .acquire(let lifetime, let timeout, let key):
            let order = Order(isAcquire: true, lifetime: lifetime, timeout: timeout, key: key)
            return try await acquire(for: id, order, reply)
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
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration,
        _ reply: (any LockReply)?
    ) async throws(LockStoreError) -> LockOutcome? {
        if let reply, reply.isAbandoned { throw Self.cancellation }
        let until = time.now() + timeout
        let generation = rooms.generation(of: id)
        let result = try await status(of: number, token: token, for: id)
        guard case .success(let ticket) = result else { return LockOutcome(result.map(\.status)) }
        guard let reply, ticket.status.isLocked, timeout > .zero else {
            try await confirm()
            return .ticket(ticket.status)
        }
        return try park(reply, ticket, of: id, nil, until: until, generation: generation)
    }

    private func acquire(
        for id: ConversationID, _ order: Order, _ reply: (any LockReply)?
    ) async throws(LockStoreError) -> LockOutcome? {
        if let reply, reply.isAbandoned { throw Self.cancellation }
        let until = time.now() + order.timeout
        let generation = rooms.generation(of: id)
        let result = try await take(order, for: id)
        guard case .success(let ticket) = result else { return LockOutcome(result.map(\.status)) }
        guard let reply, ticket.status.isLocked else {
            try await confirm(ticket, of: id, order)
            return .ticket(ticket.status)
        }
        return try park(reply, ticket, of: id, order, until: until, generation: generation)
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
