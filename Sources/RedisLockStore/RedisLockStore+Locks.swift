package import LockStore
import RedisClient
package import TicketLock

/// The operations on locks.
extension RedisLockStore {
    package func isSomeoneWaiting(for id: ConversationID) async throws(LockStoreError) -> Waiting {
        let reply = try await run(scripts.waiting, id, [], countMin: 6, isReading: true)
        note(reply, from: 6, of: id)
        if reply[4] == 0 { noteLock(reply, id) }
        return Waiting(
            isSomeoneWaiting: reply[4] > 0, waiting: Int(clamping: max(0, reply[4] - 1)), nowServing: reply[5]
        )
    }

    package func update(_ id: ConversationID) async throws(LockStoreError) {
        _ = try await isSomeoneWaiting(for: id)
    }

    package func getLock(for id: ConversationID) async throws(LockStoreError) -> LockSnapshot? {
        let reply = try await run(scripts.read, id, ["1"], countMin: 6, isReading: true)
        let lock = snapshot(in: reply, of: id)
        if lock?.tickets.isEmpty == true { noteLock(reply, id) }
        return lock
    }

    package func getOrCreateLock(
        for id: ConversationID
    ) async throws(LockStoreError) -> Result<(lock: LockSnapshot, created: Bool), Refusal> {
        var hasRoom = indexes.locks.count < limits.locksMax
        while true {
            let reply = try await run(scripts.create, id, [hasRoom ? "1" : "0"], countMin: 6)
            if reply.code == .noRoom, !hasRoom {
                guard try await makeRoom() else { return .failure(.tooManyLocks) }
                hasRoom = true
                continue
            }
            let lock = snapshot(in: reply, of: id)
            guard let lock else { return .failure(.tooManyLocks) }
            noteLock(reply, id, isNew: reply[3] != 0)
            return .success((lock, reply[3] != 0))
        }
    }

    package func deleteLock(for id: ConversationID) async throws(LockStoreError) -> Bool {
        let reply = try await run(scripts.delete, id, [], countMin: 6)
        note(reply, from: 6, of: id)
        let isDeleted = reply[3] & 2 != 0
        if isDeleted { noteLock(reply, id, isDeleted: true) }
        return isDeleted
    }

    /// The lock that a reply shows; nil when there is none.
    ///
    /// - Parameter isCounted: what happened to the tickets is counted.
    func snapshot(in reply: ScriptReply, of id: ConversationID, isCounted: Bool = true) -> LockSnapshot? {
        let count = Int(clamping: reply[5])
        let end = 6 + 6 * count
        guard reply.count >= end else { return nil }
        if isCounted { note(reply, from: end, of: id) }
        guard reply.code == .ok, reply.score != nil else { return nil }
        let tickets = (0..<count).map { index in
            let place = 6 + 6 * index
            let lifetime = reply[place + 4]
            return Ticket(
                number: reply[place], token: FencingToken(clamping: reply[place + 1]),
                issued: clock.instant(reply[place + 2]), expires: clock.instant(reply[place + 3]),
                lifetimeOnceServed: lifetime < 0 ? nil : .microseconds(lifetime),
                hasKey: reply[place + 5] != 0)
        }
        return LockSnapshot(
            conversationID: id, tickets: tickets, nowServing: tickets.first?.number ?? 0,
            lastIssued: reply[4])
    }
}
