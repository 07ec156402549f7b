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
    /// Whether the numbers are stored, so that ``changed`` is kept.
    var notesChanges = false
    /// Keys of entries that are new, gone, or not as they were.
    var changed: [Int32] = []

    var count: Int { order.count }

    /// The number to go on with, if it is still known. 0 is the first number of a new conversation.
    func next(of hash: UInt64, now: Instant) -> TicketNumber {
        guard let key = index.first(hash), entries[key].until > now else { return 0 }
        return entries[key].next
    }

    /// Remembers `next` until then. Over `countMax` entries the oldest is forgotten; where that has become less, no
    /// more than two, and the others by ``forgetOldest(countMax:)``.
    mutating func remember(
        _ hash: UInt64, next: TicketNumber, until: Instant, countMax: Int, now: Instant
    ) {
        forgetOldest(now: now)
        if let key = index.first(hash) {
            entries[key] = Entry(next: max(next, entries[key].next), until: until)
            order.touch(key)
            if notesChanges { changed.append(Int32(key)) }
            return
        }
        if countMax == 0 { return }
        for _ in 0..<2 {
            guard count >= countMax, let oldest = order.first else { break }
            forget(oldest)
        }
        let key = index.insert(hash)
        let entry = Entry(next: next, until: until)
        if key == entries.count { entries.append(entry) } else { entries[key] = entry }
        order.touch(key)
        if notesChanges { changed.append(Int32(key)) }
    }

    /// Forgets the oldest entry if there are more than that; whether there were.
    mutating func forgetOldest(countMax: Int) -> Bool {
        guard count > countMax, let oldest = order.first else { return false }
        forget(oldest)
        return true
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
        if notesChanges { changed.append(Int32(key)) }
    }

    /// Above every key.
    var keyCount: Int { entries.count }

    /// The entry of that key, if it is in use.
    func entry(_ key: Int) -> (hash: UInt64, next: TicketNumber, until: Instant)? {
        guard order.contains(key) else { return nil }
        return (index.hash(of: key), entries[key].next, entries[key].until)
    }

    /// Takes in an entry that was stored; false when there is one. In the order of the keys.
    mutating func restore(_ key: Int, _ hash: UInt64, next: TicketNumber, until: Instant) -> Bool {
        guard key >= entries.count else { return false }
        while entries.count < key {
            index.skip()
            entries.append(Entry(next: 0, until: .never))
        }
        _ = index.insertLast(hash)
        entries.append(Entry(next: next, until: until))
        // In use from now on; in the right order when all are here.
        order.touch(key)
        return true
    }

    mutating func finishRestoring() {
        let keys = (0..<entries.count).filter(order.contains)
        for key in keys.sorted(by: { (entries[$0].until, $0) < (entries[$1].until, $1) }) { order.touch(key) }
    }
}
