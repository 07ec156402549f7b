/// Where the locks that are deleted left off: their next numbers, so that a conversation's numbers go on
/// growing while anybody could still send an old one.
///
/// Compact: kept by a 64-bit hash of the ID. Two IDs with one hash share an entry, which makes a number
/// larger and does no harm; for the same reason taking a number up does not remove its entry.
struct RetainedNumbers: Sendable {
    private struct Entry {
        var hash: UInt64
        var next: TicketNumber
        var until: Instant
    }
    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var index: [UInt64: Int32] = [:]
    private var order = AgeOrder()

    var count: Int { order.count }

    /// The number to go on with, if it is still known. 0 is the first number of a new conversation.
    func next(of id: ConversationID, now: Instant) -> TicketNumber {
        guard !index.isEmpty, let key = index[id.stableHash], entries[Int(key)].until > now else { return 0 }
        return entries[Int(key)].next
    }

    /// Remembers `next` until then. Over `countMax` entries the oldest is forgotten.
    mutating func remember(
        _ id: ConversationID, next: TicketNumber, until: Instant, countMax: Int, now: Instant
    ) {
        forgetOldest(now: now)
        let hash = id.stableHash
        if let key = index[hash] {
            entries[Int(key)].next = max(next, entries[Int(key)].next)
            entries[Int(key)].until = until
            order.touch(Int(key))
            return
        }
        if countMax == 0 { return }
        while count >= countMax, let oldest = order.first { forget(oldest) }
        let key = free.popLast() ?? Int32(entries.count)
        let entry = Entry(hash: hash, next: next, until: until)
        if Int(key) == entries.count { entries.append(entry) } else { entries[Int(key)] = entry }
        index[hash] = key
        order.touch(Int(key))
    }

    /// Forgets two entries at most whose time has passed: twice what one call adds, so that they run out
    /// without any call having to forget them all.
    private mutating func forgetOldest(now: Instant) {
        for _ in 0..<2 {
            guard let oldest = order.first, entries[oldest].until <= now else { return }
            forget(oldest)
        }
    }

    private mutating func forget(_ key: Int) {
        index[entries[key].hash] = nil
        order.remove(key)
        free.append(Int32(key))
    }
}
