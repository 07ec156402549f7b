import LockStore
import RedisClient
import TicketLock

/// The operations on locks.
extension RedisLockStore {
    func isSomeoneWaiting(for id: ConversationID) async throws(LockStoreError) -> Waiting {
        let answer: QueueAnswer = try await run(scripts.waiting, id, [], isReading: true)
        note(answer, of: id)
        if answer.count == 0 { noteLock(answer.reply, id) }
        return Waiting(
            isSomeoneWaiting: answer.count > 0, waiting: max(0, answer.count - 1),
            nowServing: answer.nowServing)
    }

    func getLock(for id: ConversationID) async throws(LockStoreError) -> LockSnapshot? {
        let answer: LockAnswer = try await run(scripts.read, id, ["1"], isReading: true)
        note(answer, of: id)
        let lock = snapshot(in: answer, of: id)
        if lock?.tickets.isEmpty == true { noteLock(answer.reply, id) }
        return lock
    }

    func getOrCreateLock(for id: ConversationID) async throws(LockStoreError) -> LockOutcome {
        var hasRoom = indexes.locks.count < limits.locksMax
        while true {
            let answer: LockAnswer = try await run(scripts.create, id, [hasRoom ? "1" : "0"])
            note(answer, of: id)
            if answer.code == .noRoom, !hasRoom {
                guard try await makeRoom() else { return .refused(.tooManyLocks) }
                hasRoom = true
                continue
            }
            guard let lock = snapshot(in: answer, of: id) else { return .refused(.tooManyLocks) }
            noteLock(answer.reply, id, isNew: answer.isNew)
            return .lock(lock, isNew: answer.isNew)
        }
    }

    /// The tickets that went with the lock; nil when there was none.
    func deleteLock(for id: ConversationID) async throws(LockStoreError) -> [TicketNumber]? {
        let answer: QueueAnswer = try await run(scripts.delete, id, [])
        note(answer, of: id)
        let isDeleted = answer.done.contains(.deleted)
        if isDeleted { noteLock(answer.reply, id, isDeleted: true) }
        try await confirm()
        return isDeleted ? answer.journal.filter { $0.what == .deleted }.map(\.number) : nil
    }

    /// The lock that an answer shows; nil when there is none.
    func snapshot(in answer: LockAnswer, of id: ConversationID) -> LockSnapshot? {
        guard answer.code == .ok, answer.reply.score != nil else { return nil }
        let tickets = answer.tickets.map { ticket in
            Ticket(
                number: ticket.number, token: ticket.token, issued: clock.instant(ticket.issued),
                expires: clock.instant(ticket.expires),
                lifetimeOnceServed: ticket.lifetime.map { .microseconds($0) }, hasKey: ticket.hasKey)
        }
        return LockSnapshot(
            conversationID: id, tickets: tickets, nowServing: tickets.first?.number ?? 0,
            lastIssued: answer.lastIssued)
    }
}
