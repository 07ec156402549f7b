import RedisClient
import TicketLock

/// A sorted set of Redis's that counts what there is, and knows its order: members, each with when it may be
/// forgotten. It is written a little later than what it is about, many members at a time.
///
/// It never decides about a lock: it may lag, and what it has wrong goes when its score has passed. What comes
/// and goes between two writes, as most tickets do, costs Redis nothing.
struct LockIndex {
    private enum Change {
        case set(score: Int64, isNew: Bool)
        case remove
    }
    /// How long a change waits for others, and one write at least for the next.
    static let delay: Duration = .milliseconds(50)
    /// With more than these nothing waits.
    static let pendingMax = 10_000
    private static let membersPerCommandMax = 500

    /// Commands to be sent together; the last reply is the count.
    struct Batch {
        var commands: [RedisCommand] = []
        var newCount = 0
    }

    let key: String
    private var pending: [RedisName: (change: Change, serial: Int)] = [:]
    private var order: [(member: RedisName, serial: Int, due: Instant)] = []
    private var serial = 0
    /// Before this nothing is written.
    private var restsUntil = Instant(nanoseconds: .min)
    /// Members that Redis does not know of yet.
    private var newCount = 0
    /// How many there were when Redis was last asked.
    var countAtRedis = 0

    init(key: String) {
        self.key = key
    }

    /// How many there are, as far as is known here.
    var count: Int { countAtRedis + newCount }

    /// When the next change is to be written.
    var nextDue: Instant? {
        guard let first = order.first else { return nil }
        return isFull ? Instant(nanoseconds: .min) : max(first.due, restsUntil)
    }

    private var isFull: Bool { pending.count > Self.pendingMax }

    /// The member may be forgotten after `score`, in microseconds. `isNew` if it was not there before.
    mutating func set(_ member: RedisName, score: Int64, isNew: Bool, now: Instant) {
        switch pending[member]?.change {
        case .set(_, let wasNew)?: pending[member]?.change = .set(score: score, isNew: wasNew)
        case .remove?: pending[member]?.change = .set(score: score, isNew: false)
        case nil:
            add(member, .set(score: score, isNew: isNew), now)
            if isNew { newCount += 1 }
        }
    }

    mutating func remove(_ member: RedisName, now: Instant) {
        switch pending[member]?.change {
        case .set(_, isNew: true)?:
            pending[member] = nil
            newCount -= 1
        case .set?, .remove?: pending[member]?.change = .remove
        case nil: add(member, .remove, now)
        }
    }

    private mutating func add(_ member: RedisName, _ change: Change, _ now: Instant) {
        serial += 1
        pending[member] = (change, serial)
        order.append((member, serial, now + Self.delay))
    }

    /// What is to be sent to Redis: the changes that are due by `now`, and what counts the members then. Nothing
    /// when nothing is due, unless they are to be counted. What was new is so until ``took(_:_:)``.
    ///
    /// - Parameters:
    ///   - present: Redis's time, in microseconds; what may be forgotten by then goes.
    ///   - lifetime: how long the set is kept when nobody writes it.
    mutating func batch(dueBy now: Instant, isCounting: Bool, present: Int64, lifetime: Duration) -> Batch {
        var batch = Batch()
        guard isCounting || isFull || now >= restsUntil else { return batch }
        var added = ["ZADD", key]
        var removed = ["ZREM", key]
        let end = order.firstIndex { $0.due > now } ?? order.count
        for (member, serial, _) in order[..<end] where pending[member]?.serial == serial {
            switch pending.removeValue(forKey: member)?.change {
            case .set(let score, let isNew)?:
                if isNew { batch.newCount += 1 }
                added += [String(score), member.string]
                if added.count > 2 * Self.membersPerCommandMax { Self.flush(&added, into: &batch) }
            case .remove?:
                removed.append(member.string)
                if removed.count > Self.membersPerCommandMax { Self.flush(&removed, into: &batch) }
            case nil: break
            }
        }
        order.removeFirst(end)
        Self.flush(&removed, into: &batch)
        Self.flush(&added, into: &batch)
        guard isCounting || !batch.commands.isEmpty else { return batch }
        restsUntil = now == .never ? restsUntil : now + Self.delay
        batch.commands += [
            RedisCommand(["PEXPIRE", key, String(lifetime.nanoseconds / 1_000_000)]),
            RedisCommand(["ZREMRANGEBYSCORE", key, "-inf", String(present)]), RedisCommand(["ZCARD", key]),
        ]
        return batch
    }

    /// Redis has replied to a batch; nil: it has not, and what was in the batch is lost.
    mutating func took(_ batch: Batch, _ count: RedisReply?) {
        newCount -= batch.newCount
        if let count = count?.integer { countAtRedis = Int(clamping: count) }
    }

    private static func flush(_ command: inout [String], into batch: inout Batch) {
        guard command.count > 2 else { return }
        batch.commands.append(RedisCommand(command))
        command.removeSubrange(2...)
    }
}
