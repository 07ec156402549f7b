/// What has changed, and how it is stored.
extension LockTable {
    /// Begins to note changes; before that they cost nothing. After it every operation is followed by
    /// ``takeChanges(_:)``.
    package mutating func noteChanges() {
        journal.notesChanges = true
        retained.notesChanges = true
    }

    /// Calls `body` with what has changed since the last call, if anything has.
    package mutating func takeChanges(_ body: (inout LockTable, [Change]) -> Void) {
        for key in retained.changed { journal.changes.append(.number(key: key)) }
        retained.changed.removeAll(keepingCapacity: true)
        guard !journal.changes.isEmpty else { return }
        var changes: [Change] = []
        swap(&changes, &journal.changes)
        body(&self, changes)
        changes.removeAll(keepingCapacity: true)
        swap(&changes, &journal.changes)
    }

    /// Writes what there is now where something changed.
    ///
    /// - Parameter epoch: added to every moment, so that the moments of one boot of the machine can be told
    ///   from those of the next.
    package mutating func write(_ change: Change, to buffer: inout RecordBuffer, epoch: Int64) {
        switch change {
        case .lock(let slot): writeLock(Int(slot), to: &buffer, epoch: epoch)
        case .ticket(let slot, let number, let token):
            if let ticket = ticket(number, token: token, in: Int(slot)) {
                writeTicket(ticket, in: slot, to: &buffer, epoch: epoch)
            } else {
                buffer.appendRemoval(.ticket, token)
            }
        case .number(let key):
            guard let entry = retained.entry(Int(key)) else {
                return buffer.appendRemoval(.number, UInt64(key))
            }
            buffer.append(.number, UInt64(key), length: NumberRecord.byteCount) { value in
                value.put(entry.hash, at: NumberRecord.hash)
                value.put(entry.next, at: NumberRecord.next)
                value.put(entry.until.nanoseconds &+ epoch, at: NumberRecord.until)
            }
        }
    }

    /// Notes that the lock in `slot` was touched, created or deleted, with the tickets noted since the last
    /// call; they are its.
    mutating func noteChange(of slot: Int) {
        let slot = Int32(slot)
        if journal.changes.last != .lock(slot: slot) { journal.changes.append(.lock(slot: slot)) }
        for (number, token) in journal.changedTickets {
            journal.changes.append(.ticket(slot: slot, number: number, token: token))
        }
        journal.changedTickets.removeAll(keepingCapacity: true)
    }

    private mutating func ticket(_ number: TicketNumber, token: FencingToken, in slot: Int) -> Ticket? {
        // The slot may be another lock's by now.
        guard let ticket = slots[slot].lock.ticket(number), ticket.token == token else { return nil }
        return ticket
    }

    private mutating func writeLock(_ slot: Int, to buffer: inout RecordBuffer, epoch: Int64) {
        guard !slots[slot].isFree else { return buffer.appendRemoval(.lock, UInt64(slot)) }
        let id = slots[slot].id
        let lock = (lastIssued: slots[slot].lock.lastIssued, since: slots[slot].lock.since)
        buffer.append(.lock, UInt64(slot), length: LockRecord.id + id.byteCount) { value in
            value.put(lock.lastIssued, at: LockRecord.lastIssued)
            value.put(lock.since.nanoseconds &+ epoch, at: LockRecord.since)
            ids.copy(id, to: UnsafeMutableRawBufferPointer(rebasing: value[LockRecord.id...]))
        }
    }

    private mutating func writeTicket(
        _ ticket: Ticket, in slot: Int32, to buffer: inout RecordBuffer, epoch: Int64
    ) {
        let request = ticket.hasKey ? idempotency.entry(of: ticket.token) : nil
        var length = TicketRecord.byteCount
        if let request { length = TicketRecord.key + idempotency.keyByteCount(of: request) }
        buffer.append(.ticket, ticket.token, length: length) { value in
            value.put(slot, at: TicketRecord.slot)
            value.put(ticket.number, at: TicketRecord.number)
            value.put(ticket.issued.nanoseconds &+ epoch, at: TicketRecord.issued)
            value.put(ticket.expires.nanoseconds &+ epoch, at: TicketRecord.expires)
            value.put(ticket.lifetimeOnceServed?.nanoseconds ?? -1, at: TicketRecord.lifetimeOnceServed)
            value.put(UInt8(ticket.isUntold ? 1 : 0), at: TicketRecord.isUntold)
            guard let request else { return }
            let lifetime = Duration.nanoseconds(request.lifetime).components
            value.put(lifetime.seconds, at: TicketRecord.lifetimeSeconds)
            value.put(lifetime.attoseconds, at: TicketRecord.lifetimeAttoseconds)
            value.put(Int32(clamping: request.callers), at: TicketRecord.callers)
            idempotency.copyKey(
                of: request, to: UnsafeMutableRawBufferPointer(rebasing: value[TicketRecord.key...]))
        }
    }
}

/// Where the parts of a stored lock lie.
enum LockRecord {
    static let lastIssued = 0
    static let since = 8
    /// To the end.
    static let id = 16
}

/// Where the parts of a stored ticket lie; what begins with `lifetimeSeconds` is there only if it was taken
/// with an idempotency key.
enum TicketRecord {
    static let slot = 0
    static let number = 4
    static let issued = 12
    static let expires = 20
    static let lifetimeOnceServed = 28
    static let isUntold = 36
    static let byteCount = 37
    static let lifetimeSeconds = 37
    static let lifetimeAttoseconds = 45
    static let callers = 53
    /// To the end.
    static let key = 57
}

/// Where the parts of a deleted lock's number lie.
enum NumberRecord {
    static let hash = 0
    static let next = 8
    static let until = 16
    static let byteCount = 24
}
