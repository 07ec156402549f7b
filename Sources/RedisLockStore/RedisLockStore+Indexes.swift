import EventLoop
package import LockStore
import RedisClient
import TicketLock

/// Those who wait for the counts.
struct Counting {
    /// How long the counts are waited for; then the ones before are told.
    static let patience: Duration = .milliseconds(250)

    /// How long counts are good for, when nothing was done here since.
    static let freshness: Duration = .milliseconds(5)

    /// When the last ones were had.
    var lastEnd: Instant?
    var callers: [CheckedContinuation<Void, Never>] = []
    var givesUpAt: Instant?
    var isUnderWay = false

    mutating func end() {
        for caller in callers { caller.resume() }
        callers = []
        givesUpAt = nil
    }
}

/// How many locks, tickets and keys there are, by all daemons; and making room when there are too many locks.
extension RedisLockStore {
    private static let evictionsMax = 100

    package func statistics() async -> StoreStatistics {
        await count()
        return StoreStatistics(
            tickets: ticketStatistics, lockCount: indexes.locks.count, ticketCount: indexes.tickets.count,
            waiterCount: waiters.count, retainedNumberCount: 0, idempotencyKeyCount: indexes.keys.count)
    }

    /// Brings the counts up to date, unless that takes too long.
    private func count() async {
        guard isReady else { return }
        // Nobody looks so often for what others do.
        let isFresh = counting.lastEnd.map { time.now() < $0 + Counting.freshness } ?? false
        if isFresh, indexes.nextDue == nil { return }
        await withCheckedContinuation { continuation in
            counting.callers.append(continuation)
            counting.givesUpAt = counting.givesUpAt ?? time.now() + Counting.patience
            guard !counting.isUnderWay else { return setAlarm() }
            counting.isUnderWay = true
            startTask { store in
                try? await store.writeIndexes(isCounting: true)
                store.counting.isUnderWay = false
                store.counting.lastEnd = store.time.now()
                store.counting.end()
            }
            setAlarm()
        }
    }

    /// Writes what is due of the indexes; all of it, when the counts are wanted.
    func writeIndexes(isCounting: Bool = false) async throws(LockStoreError) {
        let batches = indexes.batches(
            dueBy: isCounting ? .never : time.now(), isCounting: isCounting,
            present: clock.microseconds(time.now()), lifetime: limits.numberRetention * 2)
        do throws(RedisError) {
            indexes.took(batches, try await redis.pipeline(batches.flatMap(\.commands)))
        } catch {
            indexes.took(batches, [])
            throw failure(error, isReading: true)
        }
    }

    /// Sees that one more lock may exist, at the cost of the longest-idle empty one; false when every lock holds
    /// tickets.
    func makeRoom() async throws(LockStoreError) -> Bool {
        try await writeIndexes(isCounting: true)
        for _ in 0..<Self.evictionsMax where indexes.locks.count >= limits.locksMax {
            guard let (id, forgetsAt) = try await longestIdle() else { return false }
            // An empty lock was touched before now, so it is forgotten before one retention has passed.
            guard forgetsAt <= clock.microseconds(time.now()) + limits.numberRetention.microseconds else {
                return false
            }
            let answer: QueueAnswer = try await run(scripts.evict, id, [])
            note(answer, of: id)
            // What the index had wrong is set right: the lock is gone already, or holds tickets again.
            noteLock(answer.reply, id, isDeleted: answer.reply.score == nil)
            try await writeIndexes(isCounting: true)
        }
        return indexes.locks.count < limits.locksMax
    }

    /// The lock that may be forgotten first, and when.
    private func longestIdle() async throws(LockStoreError) -> (id: ConversationID, forgetsAt: Int64)? {
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await redis.command(
                RedisCommand(["ZRANGE", indexes.locks.key, "0", "0", "WITHSCORES"]))
        } catch {
            throw failure(error, isReading: true)
        }
        guard let parts = reply.elements, parts.count == 2, let id = parts[0].text,
            let score = parts[1].text.flatMap({ Double($0) })
        else {
            return nil
        }
        return (ConversationID(id), Int64(score))
    }
}
