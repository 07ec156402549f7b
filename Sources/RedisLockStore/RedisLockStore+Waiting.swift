import EventLoop
import LockStore
import RedisClient
import TicketLock

/// Callers that wait, and how they are told. Whether a ticket is served is known from a script's reply only;
/// messages and alarms but prompt the question.
extension RedisLockStore {
    /// Makes a caller a waiting one, or says why it cannot be.
    ///
    /// - Parameters:
    ///   - order: what the caller of acquire asked for; nil for a caller of wait.
    ///   - generation: the room's, before the ticket was seen to be waiting.
    func park(
        _ reply: any LockReply, _ ticket: SeenTicket, of id: ConversationID, _ order: Order?,
        until due: Instant,
        generation: Int?
    ) throws(LockStoreError) -> LockOutcome? {
        guard !reply.isAbandoned else {
            if order != nil { giveUp(ticket.status.number, ticket.status.token, of: id) }
            throw Self.cancellation
        }
        guard !isShuttingDown else { return .refused(.shuttingDown(ticket.status)) }
        let room = rooms[id] ?? rooms.open(id, key: keyPrefix + id.string, now: time.now())
        let lifetime = order?.lifetime.microseconds
        let group = room.join(ticket.status, expires: ticket.expires, lifetime: lifetime, now: time.now()) {
            nextGroup += 1
            return nextGroup
        }
        let waiter = Waiter(
            reply, id: id, status: ticket.status, isAcquire: order != nil, hasKey: order?.key != nil,
            group: group)
        waiters.add(waiter, until: due)
        room.emptySince = nil
        if room.subscription == .none {
            room.askAll()
            subscribe(room)
        } else if generation == nil || generation != room.generation {
            room.ask(ticket.status.number)
            if isHeard(room) { check(room) }
        }
        schedule(room)
        setAlarm()
        return nil
    }

    /// Ends the waiting of all who wait for a ticket.
    func end(_ group: UInt64, _ answer: (Waiter) -> CallAnswer) {
        while let waiter = waiters.takeOne(of: group) {
            let answer = answer(waiter)
            waiter.takeReply().answer(answer)
        }
    }

    /// A caller waits no more.
    func left(_ waiter: Waiter) {
        guard let room = rooms[waiter.id] else { return }
        room.leave(waiter)
        schedule(room)
    }

    /// The timeout of a caller has passed.
    func timeOut(_ waiter: Waiter) {
        guard waiters.remove(waiter) else { return }
        left(waiter)
        if waiter.isAcquire {
            giveUp(waiter.number, waiter.token, of: waiter.id)
            return waiter.takeReply().answer(.success(.refused(.acquireTimeout)))
        }
        startTask { store in
            let answer: CallAnswer
            do throws(LockStoreError) {
                let result = try await store.status(of: waiter.number, token: waiter.token, for: waiter.id)
                // It may be served by now.
                try await store.confirm()
                answer = .success(LockOutcome(result.map(\.status)))
            } catch {
                answer = .failure(error)
            }
            waiter.takeReply().answer(answer)
        }
    }
}
