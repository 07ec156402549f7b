import RedisClient
import TicketLock

/// What there is in Redis, by all daemons: locks by their IDs, tickets, and tickets that have idempotency keys.
struct LockIndexes {
    var locks: LockIndex
    var tickets: LockIndex
    var keys: LockIndex

    /// - Parameter prefix: what the names of the sets begin with.
    init(prefix: String) {
        locks = LockIndex(key: prefix + "ticketlockd:locks")
        tickets = LockIndex(key: prefix + "ticketlockd:tickets")
        keys = LockIndex(key: prefix + "ticketlockd:keys")
    }

    /// When something is to be written.
    var nextDue: Instant? {
        [locks.nextDue, tickets.nextDue, keys.nextDue].compactMap { $0 }.min()
    }

    /// See ``LockIndex/batch(dueBy:isCounting:present:lifetime:)``.
    mutating func batches(
        dueBy now: Instant, isCounting: Bool, present: Int64, lifetime: Duration
    ) -> [LockIndex.Batch] {
        [
            locks.batch(dueBy: now, isCounting: isCounting, present: present, lifetime: lifetime),
            tickets.batch(dueBy: now, isCounting: isCounting, present: present, lifetime: lifetime),
            keys.batch(dueBy: now, isCounting: isCounting, present: present, lifetime: lifetime),
        ]
    }

    /// Redis has replied to all of the batches, or to none.
    mutating func took(_ batches: [LockIndex.Batch], _ replies: [RedisReply]) {
        var end = 0
        let counts = batches.map { batch in
            end += batch.commands.count
            return !batch.commands.isEmpty && end <= replies.count ? replies[end - 1] : nil
        }
        locks.took(batches[0], counts[0])
        tickets.took(batches[1], counts[1])
        keys.took(batches[2], counts[2])
    }
}
