extension LockTable {
    /// Slots looked at for one page, so that a prefix few locks have does not hold up everybody else.
    package static let slotsPerPageMax = 10_000
    /// Tickets after which a page ends: a few deep queues are as long as many shallow ones.
    package static let ticketsPerPageMax = 10_000

    /// At most `limit` locks whose IDs begin with `prefix`, in an order that does not change while a lock
    /// exists. A page may hold fewer, even none, and still have a next one. Locks that exist from the first
    /// page to the last are met exactly once.
    ///
    /// - Parameter start: 0, or ``LockPage/next`` of the page before.
    package mutating func page(prefix: String, limit: Int, from start: Int, now: Instant) -> LockPage {
        let prefix = ConversationID(prefix)
        var found: [LockSnapshot] = []
        let end = min(slots.count, start.addingReportingOverflow(Self.slotsPerPageMax).partialValue)
        var slot = start
        var tickets = 0
        while slot < end, found.count < limit, tickets < Self.ticketsPerPageMax {
            if !slots[slot].isFree, prefix.withBytes({ ids.begins(slots[slot].id, with: $0) }) {
                // Looking at a lock from afar does not count as touching it.
                if let due = deadlines.deadline(of: slot), due <= now { dropExpired(slot, now: now) }
                let lock = snapshot(slot, limit: LockSnapshot.ticketsMax)
                tickets += lock.tickets.count
                found.append(lock)
            }
            slot += 1
        }
        return LockPage(locks: found, next: slot < slots.count ? slot : nil)
    }
}
