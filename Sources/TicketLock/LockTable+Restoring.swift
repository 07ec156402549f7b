/// Making a table of what was stored of another.
extension LockTable {
    /// Where numbers end; see ``TicketNumber``.
    private static var numbersEnd: TicketNumber { 1 << 53 }

    /// Takes in one record, unless it is a ticket of an `acquire` whose caller has gone without knowing of it: a
    /// caller that goes away loses its place. That it is gone is a change like any other. False when it cannot be of such a table. Into a table that is new, each kind in the
    /// order of its keys, locks before tickets; then ``finishRestoring(firstToken:)``.
    ///
    /// - Parameters:
    ///   - epoch: what was added to every moment when it was written.
    ///   - latest: no moment is taken to be later.
    package mutating func restore(
        _ record: Record, epoch: Int64, latest: LatestMoments = LatestMoments()
    ) -> Bool {
        switch record.kind {
        case .lock: restoreLock(record, epoch: epoch, latest)
        case .ticket: restoreTicket(record, epoch: epoch, latest)
        case .number: restoreNumber(record, epoch: epoch, latest)
        }
    }

    /// Puts the locks where they belong by time. Tokens go on with `firstToken` or, if it is larger, with what
    /// follows the last one restored.
    package mutating func finishRestoring(firstToken: FencingToken) {
        var idleSlots: [(since: Instant, slot: Int)] = []
        for slot in 0..<slots.count where !slots[slot].isFree {
            if let expiry = slots[slot].lock.nextExpiry {
                deadlines.set(slot, to: expiry)
            } else {
                idleSlots.append((slots[slot].lock.since, slot))
            }
        }
        idleSlots.sort { $0 < $1 }
        for (_, slot) in idleSlots { idle.touch(slot) }
        retained.finishRestoring()
        nextToken = max(nextToken, firstToken)
    }

    private mutating func restoreLock(_ record: Record, epoch: Int64, _ latest: LatestMoments) -> Bool {
        let value = record.value
        guard value.count > LockRecord.id, let slot = Int32(exactly: record.key).map(Int.init),
            slot >= slots.count
        else { return false }
        let lastIssued = value.integer(at: LockRecord.lastIssued, TicketNumber.self)
        guard lastIssued >= -1, lastIssued < Self.numbersEnd else { return false }
        numberEnd = max(numberEnd, lastIssued + 1)
        while slots.count < slot {
            index.skip()
            slots.append(Slot())
        }
        let bytes = UnsafeRawBufferPointer(rebasing: value[LockRecord.id...])
        _ = index.insertLast(hash.hash(bytes))
        slots.append(
            Slot(
                lock: TicketLock(
                    lastIssued: lastIssued,
                    since: min(value.instant(at: LockRecord.since, epoch: epoch), latest.past)),
                id: ids.insert(bytes)))
        idle.makeRoom(for: slot)
        return true
    }

    private mutating func restoreTicket(_ record: Record, epoch: Int64, _ latest: LatestMoments) -> Bool {
        let value = record.value
        guard value.count == TicketRecord.byteCount || value.count > TicketRecord.key else { return false }
        let slot = Int(value.integer(at: TicketRecord.slot, Int32.self))
        let once = value.integer(at: TicketRecord.lifetimeOnceServed, Int64.self)
        let ticket = Ticket(
            number: value.integer(at: TicketRecord.number, TicketNumber.self), token: record.key,
            issued: min(value.instant(at: TicketRecord.issued, epoch: epoch), latest.past),
            expires: min(value.instant(at: TicketRecord.expires, epoch: epoch), latest.expiry),
            lifetimeOnceServed: once < 0 ? nil : .nanoseconds(once),
            hasKey: value.count > TicketRecord.key)
        guard slot >= 0, slot < slots.count, !slots[slot].isFree else { return false }
        nextToken = max(nextToken, record.key + 1)
        guard value.integer(at: TicketRecord.isUntold, UInt8.self) == 0 else {
            journal.changes.append(.ticket(slot: Int32(slot), number: ticket.number, token: ticket.token))
            return true
        }
        guard slots[slot].lock.restore(ticket) else { return false }
        journal.ticketCount += 1
        lastRestoredExpiry = max(lastRestoredExpiry, ticket.expires)
        longestRestoredLifetime = max(longestRestoredLifetime, ticket.lifetimeOnceServed ?? .zero)
        if ticket.expires == latest.expiry {
            // The next start is to find it so.
            journal.changes.append(.ticket(slot: Int32(slot), number: ticket.number, token: ticket.token))
        }
        guard ticket.hasKey else { return true }
        var callers = Int(value.integer(at: TicketRecord.callers, Int32.self))
        if ticket.lifetimeOnceServed != nil, slots[slot].lock.count > 1 {
            // The callers that waited are gone. Its place is kept for the one that comes again with the key.
            callers = 0
            journal.changes.append(.ticket(slot: Int32(slot), number: ticket.number, token: ticket.token))
        }
        let (nanoseconds, overflows) = value.integer(at: TicketRecord.lifetimeSeconds, Int64.self)
            .multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflows else { return false }
        let attoseconds = value.integer(at: TicketRecord.lifetimeAttoseconds, Int64.self)
        idempotency.put(
            UnsafeRawBufferPointer(rebasing: value[TicketRecord.key...]),
            in: IdempotencyTable.Lock(slot: slot, hash: index.hash(of: slot)), token: ticket.token,
            IdempotencyTable.Entry(
                number: ticket.number, isAcquire: ticket.lifetimeOnceServed != nil,
                lifetime: nanoseconds &+ attoseconds / 1_000_000_000, slot: slot, callers: max(0, callers)))
        return true
    }

    private mutating func restoreNumber(_ record: Record, epoch: Int64, _ latest: LatestMoments) -> Bool {
        guard record.value.count == NumberRecord.byteCount, let key = Int32(exactly: record.key) else {
            return false
        }
        let next = record.value.integer(at: NumberRecord.next, TicketNumber.self)
        guard next >= 0, next <= Self.numbersEnd else { return false }
        numberEnd = max(numberEnd, next)
        return retained.restore(
            Int(key), record.value.integer(at: NumberRecord.hash, UInt64.self), next: next,
            until: min(record.value.instant(at: NumberRecord.until, epoch: epoch), latest.retention))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func instant(at offset: Int, epoch: Int64) -> Instant {
        Instant(nanoseconds: integer(at: offset, Int64.self) &- epoch)
    }
}
