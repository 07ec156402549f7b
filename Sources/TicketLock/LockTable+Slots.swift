/// Where the locks lie, and the bookkeeping that goes with each.
extension LockTable {
    /// The slot of an existing lock; and the hash of the ID, in any case.
    ///
    /// Like what else is called for every request, `mutating` so that the table is not copied for it.
    mutating func lookUp(_ id: ConversationID) -> (slot: Int?, hash: UInt64) {
        id.withBytes { bytes in
            let hash = hash.hash(bytes)
            return (slot(of: bytes, hash: hash), hash)
        }
    }

    /// Several IDs may have one hash: their bytes decide.
    mutating func slot(of id: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        var found = index.first(hash)
        while let slot = found, !ids.holds(slots[slot].id, id) { found = index.next(slot) }
        return found
    }

    /// Every operation that names a lock begins here: its expired tickets are dropped. It ends with
    /// ``settle(_:now:)`` or ``delete(_:now:)``, unless it finds tickets and changes nothing.
    mutating func find(_ id: ConversationID, now: Instant) -> (slot: Int?, hash: UInt64) {
        let found = lookUp(id)
        // Most times nothing in the whole table is due.
        if let slot = found.slot, let first = deadlines.first, first.due <= now {
            dropExpired(slot, now: now)
        }
        return found
    }

    mutating func dropExpired(_ slot: Int, now: Instant) {
        slots[slot].lock.dropExpired(now: now, journal: &journal)
        noteLapse(of: slot)
        settle(slot, now: now)
    }

    /// Why ticket `number` is not there, of a conversation that has no lock.
    mutating func absent(_ number: TicketNumber, of hash: UInt64, now: Instant) -> Refusal {
        (0..<firstNumber(of: hash, now: now)).contains(number) ? .gone(.unknown) : .neverIssued
    }

    /// The number with which a conversation that has no lock goes on.
    private func firstNumber(of hash: UInt64, now: Instant) -> TicketNumber {
        let retained = retained.next(of: hash, now: now)
        guard let lostNumbers, now < lostNumbers.until else { return retained }
        return max(retained, lostNumbers.end)
    }

    /// A new lock, or nil when there are too many and none is empty. Its numbers go on where a deleted
    /// lock of the conversation left off.
    mutating func create(_ id: ConversationID, hash: UInt64, now: Instant) -> Int? {
        // Looked up before room is made, which may forget the oldest retained number: this one.
        let lock = TicketLock(lastIssued: firstNumber(of: hash, now: now) - 1)
        guard makeRoom(now: now) else { return nil }
        let new = Slot(lock: lock, id: id.withBytes { ids.insert($0) })
        let slot = index.insert(hash)
        if slot == slots.count { slots.append(new) } else { slots[slot] = new }
        idle.makeRoom(for: slot)
        return slot
    }

    mutating func delete(_ slot: Int, now: Instant) {
        slots[slot].lock.removeAll(now: now, journal: &journal)
        forgetKeys()
        let next = slots[slot].lock.lastIssued + 1
        if next > 0 {
            retained.remember(
                index.hash(of: slot), next: next, until: now + limits.numberRetention,
                countMax: limits.retainedNumbersMax, now: now)
        }
        deadlines.remove(slot)
        idle.remove(slot)
        index.remove(slot)
        ids.remove(slots[slot].id)
        slots[slot] = Slot()
        if journal.notesChanges { noteChange(of: slot) }
    }

    /// Puts the lock where its tickets, or their absence, belong among the deadlines.
    mutating func settle(_ slot: Int, now: Instant) {
        forgetKeys()
        if let expiry = slots[slot].lock.nextExpiry {
            deadlines.set(slot, to: expiry)
            idle.remove(slot)
            if !journal.changedTickets.isEmpty { noteChange(of: slot) }
        } else {
            deadlines.remove(slot)
            slots[slot].lock.touch(now: now)
            idle.touch(slot)
            if journal.notesChanges { noteChange(of: slot) }
        }
    }

    mutating func forgetKeys() {
        guard !journal.endedWithKey.isEmpty else { return }
        idempotency.forget(journal.endedWithKey)
        journal.endedWithKey.removeAll()
    }
}
