/// Where the locks lie, and the bookkeeping that goes with each.
extension LockTable {
    /// The slot of an existing lock, its expired tickets dropped.
    mutating func find(_ id: ConversationID, now: Instant) -> Int? {
        guard let slot = index[id].map(Int.init) else { return nil }
        dropExpired(slot, now: now)
        return slot
    }

    /// Every operation that names a lock passes here first.
    mutating func dropExpired(_ slot: Int, now: Instant) {
        slots[slot].lock.dropExpired(now: now, journal: &journal)
        settle(slot, now: now)
    }

    /// Why ticket `number` is not there, of a conversation that has no lock.
    func absent(_ number: TicketNumber, of id: ConversationID, now: Instant) -> Refusal {
        (0..<retained.next(of: id, now: now)).contains(number) ? .gone(.unknown) : .neverIssued
    }

    /// A new lock, or nil when there are too many and none is empty. Its numbers go on where a deleted
    /// lock of the conversation left off.
    mutating func create(_ id: ConversationID, now: Instant) -> Int? {
        // Looked up before room is made, which may forget the oldest retained number: this one.
        let lock = TicketLock(lastIssued: retained.next(of: id, now: now) - 1)
        guard makeRoom(now: now) else { return nil }
        let slot = free.popLast() ?? Int32(slots.count)
        let new = Slot(id: id, lock: lock)
        if Int(slot) == slots.count { slots.append(new) } else { slots[Int(slot)] = new }
        index[id] = slot
        return Int(slot)
    }

    mutating func delete(_ slot: Int, now: Instant) {
        slots[slot].lock.removeAll(now: now, journal: &journal)
        forgetKeys()
        let id = slots[slot].id
        let next = slots[slot].lock.lastIssued + 1
        if next > 0 {
            retained.remember(
                id, next: next, until: now + limits.numberRetention, countMax: limits.retainedNumbersMax,
                now: now)
        }
        deadlines.remove(slot)
        idle.remove(slot)
        index[id] = nil
        slots[slot] = Slot(id: ConversationID(""), lock: TicketLock())
        free.append(Int32(slot))
    }

    /// Puts the lock where its tickets, or their absence, belong among the deadlines.
    mutating func settle(_ slot: Int, now: Instant) {
        forgetKeys()
        if let expiry = slots[slot].lock.nextExpiry {
            deadlines.set(slot, to: expiry)
            idle.remove(slot)
        } else {
            deadlines.remove(slot)
            slots[slot].lock.touch(now: now)
            idle.touch(slot)
        }
    }

    mutating func forgetKeys() {
        guard !journal.endedWithKey.isEmpty else { return }
        idempotency.forget(journal.endedWithKey)
        journal.endedWithKey.removeAll()
    }
}
