import EventLoop
import LockStore
import RedisClient
import TicketLock

/// Callers that wait, and how they are told. Whether a ticket is served is known from a script's reply only;
/// messages and alarms but prompt the question.
extension RedisLockStore {
    /// Makes a caller a waiting one.
    ///
    /// - Parameters:
    ///   - order: what the caller of acquire asked for; nil for a caller of wait.
    ///   - generation: the room's, before the ticket was seen to be waiting.
    func park(
        _ ticket: SeenTicket, of id: ConversationID, _ order: Order?, until due: Instant, generation: Int?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        guard !isShuttingDown else { return .failure(.shuttingDown(ticket.status)) }
        let room = rooms[id] ?? rooms.open(id, key: keyPrefix + id.string, now: time.now())
        let lifetime = order?.lifetime.microseconds
        let group = room.join(ticket.status, expires: ticket.expires, lifetime: lifetime, now: time.now()) {
            nextGroup += 1
            return nextGroup
        }
        let waiter = Waiter(
            id: id, status: ticket.status, isAcquire: order != nil, hasKey: order?.key != nil, group: group)
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
        return try await outcome(of: waiter)
    }

    private func outcome(of waiter: Waiter) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        await withTaskCancellationHandler {
            await waiter.end(isolation: self)
        } onCancel: {
            cancel(waiter)
        }
        return try waiter.answer()
    }

    private nonisolated func cancel(_ waiter: Waiter) {
        guard loop.isOnLoopThread else {
            loop.submit { self.cancel(waiter) }
            return
        }
        onLoop { store in
            guard store.waiters.remove(waiter) else { return }
            store.left(waiter)
            if waiter.isAcquire { store.giveUp(waiter.number, waiter.token, of: waiter.id) }
            waiter.resolve(.cancelled)
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
            return waiter.resolve(.answered(.failure(.acquireTimeout)))
        }
        startTask { store in
            do throws(LockStoreError) {
                let result = try await store.status(of: waiter.number, token: waiter.token, for: waiter.id)
                // It may be served by now.
                try await store.confirm()
                waiter.resolve(.answered(result.map(\.status)))
            } catch {
                waiter.resolve(.failed(error))
            }
        }
    }
}
