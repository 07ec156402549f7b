/// All the locks of a store, with their deadlines, retained numbers and idempotency keys.
///
/// The pure rules of the service: it is told the time, does no I/O and calls nobody. After every operation
/// the caller drains ``takeEvents()`` and keeps ``nextDeadline``, when it must call ``expire(now:limit:)``.
package struct LockTable: Sendable {
    struct Slot: Sendable {
        var lock = TicketLock()
        var id = IDArena.Reference.none
        var isFree: Bool { id.isNone }
    }

    /// More deadlines than this are copied once in a while, as their heap grows: 64 MB of them.
    private static let deadlinesReservedMax = 4_000_000

    package var limits: LockLimits
    let hash: SipHash
    /// The slots of the locks, by the hashes of their IDs.
    var index = HashIndex()
    var slots = ChunkedArray<Slot>()
    var ids = IDArena()
    /// The earliest expiry of each lock that holds tickets.
    var deadlines: DeadlineHeap
    /// The empty locks, the longest idle first.
    var idle = AgeOrder()
    var retained = RetainedNumbers()
    var idempotency: IdempotencyTable
    var journal = Journal()
    var lapses = Lapses()
    package var nextToken: FencingToken
    /// Above the number of every ticket given out, as far as any lock or retained number tells.
    package var numberEnd: TicketNumber = 0
    package var lostNumbers: LostNumbers?
    /// When the last of the tickets that were restored would expire by itself.
    package internal(set) var lastRestoredExpiry = Instant.past
    /// The longest lifetime that a restored ticket begins when it is served.
    package internal(set) var longestRestoredLifetime = Duration.zero

    /// - Parameters:
    ///   - firstToken: above every token given out before, by whatever process.
    ///   - hash: with a key that clients do not know.
    package init(limits: LockLimits, firstToken: FencingToken, hash: SipHash = .ofThisProcess) {
        self.limits = limits
        self.hash = hash
        idempotency = IdempotencyTable(hash: hash)
        deadlines = DeadlineHeap(reserving: min(limits.locksMax, Self.deadlinesReservedMax))
        nextToken = firstToken
    }

    package var statistics: Statistics { journal.statistics }
    package var lockCount: Int { index.count }
    package var ticketCount: Int { journal.ticketCount }
    package var retainedNumberCount: Int { retained.count }
    package var idempotencyKeyCount: Int { idempotency.count }

    /// What waiting callers must be told since the last call, oldest first.
    package mutating func takeEvents() -> [Event] {
        guard !journal.events.isEmpty else { return [] }
        defer { journal.events.removeAll() }
        return journal.events
    }

    /// Whether there are any; `mutating` so that the table is not copied to be asked after every request.
    package var hasEvents: Bool { mutating get { !journal.events.isEmpty } }

    // MARK: Tickets

    /// Takes a ticket, creating the lock if it is absent; or finds the ticket the idempotency key has got.
    /// Refuses with `queueFull`, `tooManyTickets`, `tooManyLocks` or `idempotencyKeyReused`.
    package mutating func takeTicket(
        _ request: TicketRequest, for id: ConversationID, now: Instant
    ) -> Result<TicketStatus, Refusal> {
        let (found, hash) = find(id, now: now)
        if let found, let key = request.key,
            let place = idempotency.place(of: key, in: IdempotencyTable.Lock(slot: found, hash: hash))
        {
            let first = idempotency[place]
            guard first.matches(request) else { return .failure(.idempotencyKeyReused) }
            idempotency.joined(place)
            slots[found].lock.note(first.number, journal: &journal)
            return repeatRequest(request, for: first.number, in: found, now: now)
        }
        if let found, slots[found].lock.count >= limits.ticketsPerLockMax { return .failure(.queueFull) }
        guard makeRoomForTicket(now: now) else { return .failure(.tooManyTickets) }
        guard let slot = found ?? create(id, hash: hash, now: now) else { return .failure(.tooManyLocks) }
        let status = slots[slot].lock.issue(request, token: nextToken, now: now, journal: &journal)
        nextToken += 1
        numberEnd = max(numberEnd, status.number + 1)
        idempotency.remember(request, in: IdempotencyTable.Lock(slot: slot, hash: hash), as: status)
        settle(slot, now: now)
        return .success(status)
    }

    private mutating func repeatRequest(
        _ request: TicketRequest, for number: TicketNumber, in slot: Int, now: Instant
    ) -> Result<TicketStatus, Refusal> {
        if case .acquire(let until) = request.kind { slots[slot].lock.keepWaiting(number, until: until) }
        settle(slot, now: now)
        return slots[slot].lock.status(of: number, token: nil)
    }

    /// A queued ticket as its holder sees it.
    package mutating func status(
        of number: TicketNumber, token: FencingToken?, for id: ConversationID, now: Instant
    ) -> Result<TicketStatus, Refusal> {
        let (found, hash) = find(id, now: now)
        guard let slot = found else { return .failure(absent(number, of: hash, now: now)) }
        settle(slot, now: now)
        return slots[slot].lock.status(of: number, token: token)
    }

    /// A queued ticket as its holder sees it, who knows of it from now on, and may ask for it whatever becomes of
    /// the call that took it.
    package mutating func tell(
        _ number: TicketNumber, token: FencingToken?, for id: ConversationID, now: Instant
    ) -> Result<TicketStatus, Refusal> {
        let (found, hash) = find(id, now: now)
        guard let slot = found else { return .failure(absent(number, of: hash, now: now)) }
        let status = slots[slot].lock.status(of: number, token: token)
        if case .success = status { slots[slot].lock.tell(number, journal: &journal) }
        settle(slot, now: now)
        return status
    }

    /// Makes what becomes of a queued ticket an ``Event``.
    package mutating func watch(_ number: TicketNumber, for id: ConversationID) {
        guard let slot = lookUp(id).slot else { return }
        slots[slot].lock.watch(number)
    }

    /// Lets a live ticket expire `lifetime` from now.
    package mutating func extend(
        _ number: TicketNumber, token: FencingToken?, by lifetime: Duration, for id: ConversationID,
        now: Instant
    ) -> Result<TicketStatus, Refusal> {
        let (found, hash) = find(id, now: now)
        guard let slot = found else { return .failure(absent(number, of: hash, now: now)) }
        let result = slots[slot].lock.extend(
            number, token: token, to: now + lifetime, journal: &journal)
        settle(slot, now: now)
        return result
    }

    /// Removes ticket `number` wherever it stands; unknown IDs and numbers change nothing and create nothing.
    /// The empty lock stays readable. Refuses with `tokenMismatch` only.
    package mutating func finishServing(
        _ number: TicketNumber, token: FencingToken?, for id: ConversationID, now: Instant
    ) -> Result<Finished, Refusal> {
        guard let slot = find(id, now: now).slot else {
            return .success(Finished(removed: false, nowServing: 0, isSomeoneWaiting: false))
        }
        let removed = remove(number, token: token, ending: .finished, from: slot, now: now)
        let waiting = slots[slot].lock.waiting
        return removed.map {
            Finished(
                removed: $0, nowServing: waiting.nowServing, isSomeoneWaiting: waiting.isSomeoneWaiting)
        }
    }

    /// Takes a ticket back whose caller has gone away or has not been reached. It stays while another request
    /// with the same idempotency key has it: that one's caller may be working already. Counted apart from
    /// finishing.
    package mutating func withdraw(
        _ number: TicketNumber, token: FencingToken, for id: ConversationID, now: Instant
    ) {
        guard let slot = find(id, now: now).slot else { return }
        guard idempotency.left(token) else {
            slots[slot].lock.note(number, journal: &journal)
            return settle(slot, now: now)
        }
        _ = remove(number, token: token, ending: .withdrawn, from: slot, now: now)
    }

    private mutating func remove(
        _ number: TicketNumber, token: FencingToken?, ending: Journal.Ending, from slot: Int, now: Instant
    ) -> Result<Bool, Refusal> {
        let removed = slots[slot].lock.remove(
            number, token: token, ending: ending, now: now, journal: &journal)
        settle(slot, now: now)
        return removed
    }

    /// Finishes ticket `number`, if one is given, and deletes the lock if its queue is empty, in one step.
    package mutating func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, for id: ConversationID, now: Instant
    ) -> Result<CleanedUp, Refusal> {
        guard let slot = find(id, now: now).slot else {
            return .success(CleanedUp(removed: false, deleted: false, isSomeoneWaiting: false))
        }
        var removed = false
        if let number {
            switch slots[slot].lock.remove(
                number, token: token, ending: .finished, now: now, journal: &journal)
            {
            case .failure(let refusal): return .failure(refusal)
            case .success(let wasThere): removed = wasThere
            }
        }
        let isEmpty = slots[slot].lock.isEmpty
        if isEmpty { delete(slot, now: now) } else { settle(slot, now: now) }
        return .success(CleanedUp(removed: removed, deleted: isEmpty, isSomeoneWaiting: !isEmpty))
    }

    // MARK: Locks

    /// Whether the queue holds tickets; an unknown ID has nobody waiting.
    package mutating func waiting(for id: ConversationID, now: Instant) -> Waiting {
        guard let slot = find(id, now: now).slot else {
            return Waiting(isSomeoneWaiting: false, waiting: 0, nowServing: 0)
        }
        settle(slot, now: now)
        return slots[slot].lock.waiting
    }

    /// The lock with at most `limit` of its tickets, from that number on.
    package mutating func lock(
        for id: ConversationID, limit: Int = .max, from start: TicketNumber = 0, now: Instant
    ) -> LockSnapshot? {
        guard let slot = find(id, now: now).slot else { return nil }
        settle(slot, now: now)
        return snapshot(slot, limit: limit, from: start)
    }

    /// The lock and whether it is new. Refuses with `tooManyLocks`.
    package mutating func lockCreatingIfAbsent(
        for id: ConversationID, now: Instant
    ) -> Result<(lock: LockSnapshot, created: Bool), Refusal> {
        let (found, hash) = find(id, now: now)
        guard let slot = found ?? create(id, hash: hash, now: now) else { return .failure(.tooManyLocks) }
        settle(slot, now: now)
        return .success((snapshot(slot, limit: LockSnapshot.ticketsMax), found == nil))
    }

    /// Drops the lock with all its tickets; false when there is none.
    package mutating func deleteLock(for id: ConversationID, now: Instant) -> Bool {
        guard let slot = find(id, now: now).slot else { return false }
        delete(slot, now: now)
        return true
    }

    func snapshot(_ slot: Int, limit: Int = .max, from start: TicketNumber = 0) -> LockSnapshot {
        let lock = slots[slot].lock
        let (tickets, next) = lock.tickets(limit: limit, from: start)
        return LockSnapshot(
            conversationID: ids.id(slots[slot].id), tickets: tickets, nowServing: lock.nowServing,
            lastIssued: lock.lastIssued, isSomeoneWaiting: !lock.isEmpty, next: next)
    }
}
