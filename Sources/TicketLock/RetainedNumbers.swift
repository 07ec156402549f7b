/// Where the locks that are deleted left off: their next numbers, so that a conversation's numbers go on
/// growing while anybody could still send an old one.
///
/// Compact: kept by a 64-bit hash of the ID. Two IDs with one hash share an entry, which makes a number
/// larger and does no harm; for the same reason taking a number up does not remove its entry.
struct RetainedNumbers: Sendable {
    private struct Entry {
        var next: TicketNumber
        var until: Instant
    }
    private var index = HashIndex()
    private var entries = ChunkedArray<Entry>()
    private var order = AgeOrder()

    var count: Int { order.count }

    /// The number to go on with, if it is still known. 0 is the first number of a new conversation.
    func next(of hash: UInt64, now: Instant) -> TicketNumber {
        guard let key = index.first(hash), entries[key].until > now else { return 0 }
        return entries[key].next
    }

    /// Remembers `next` until then. Over `countMax` entries the oldest is forgotten.
    mutating func remember(
        _ hash: UInt64, next: TicketNumber, until: Instant, countMax: Int, now: Instant
    ) {
        forgetOldest(now: now)
        if let key = index.first(hash) {
            entries[key] = Entry(next: max(next, entries[key].next), until: until)
            order.touch(key)
            return
        }
        if countMax == 0 { return }
        while count >= countMax, let oldest = order.first { forget(oldest) }
        let key = index.insert(hash)
        let entry = Entry(next: next, until: until)
        if key == entries.count { entries.append(entry) } else { entries[key] = entry }
        order.touch(key)
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
        index.remove(key)
        order.remove(key)
    }
}
