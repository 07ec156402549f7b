/// The queue of tickets for one conversation. Rasa: `rasa.core.lock.TicketLock`.
///
/// A value that is told the time. Every operation first drops the tickets that have expired by then, so
/// nobody sees one. What waiting callers must be told goes to the journal.
struct TicketLock: Sendable {
    private var queue = TicketQueue()
    /// The ticket at the head has been told that it is served; between operations it always has.
    private var isHeadServed = false
    /// The highest number ever issued, -1 for none; it never goes down, unlike Rasa's.
    private(set) var lastIssued: TicketNumber
    /// Since when the head is served; of an empty lock, when it was last named by an operation.
    private(set) var since = Instant.never

    /// - Parameter lastIssued: where a deleted lock of the same conversation left off.
    init(lastIssued: TicketNumber = -1) {
        self.lastIssued = lastIssued
    }

    /// One that was stored, for its tickets to be restored.
    init(lastIssued: TicketNumber, since: Instant) {
        self.lastIssued = lastIssued
        self.since = since
    }

    /// Appends a ticket that was stored; false when it cannot be this lock's. Whoever is at the head has been
    /// told.
    mutating func restore(_ ticket: Ticket) -> Bool {
        if let last = queue.isEmpty ? nil : queue[queue.lastPlace], last.number >= ticket.number {
            return false
        }
        guard ticket.number >= 0, ticket.number <= lastIssued else { return false }
        queue.append(ticket)
        isHeadServed = true
        return true
    }

    func ticket(_ number: TicketNumber) -> Ticket? { queue.place(of: number).map { queue[$0] } }

    /// Notes that a ticket, or what is kept with it, is not as it was.
    func note(_ number: TicketNumber, journal: inout Journal) {
        guard journal.notesChanges, let ticket = ticket(number) else { return }
        journal.note(ticket)
    }

    var isEmpty: Bool { queue.isEmpty }
    var count: Int { queue.count }
    var tickets: [Ticket] { queue.tickets }

    /// At most `limit` tickets from that number on, and the number of the one after them.
    func tickets(limit: Int, from start: TicketNumber) -> (tickets: [Ticket], next: TicketNumber?) {
        queue.tickets(limit: limit, from: start)
    }

    /// When the first of its tickets expires.
    var nextExpiry: Instant? { queue.earliest?.expires }
    /// The number at the head of the queue, 0 when it is empty, as in Rasa.
    var nowServing: TicketNumber { queue.first?.number ?? 0 }

    var waiting: Waiting {
        Waiting(isSomeoneWaiting: !isEmpty, waiting: max(0, count - 1), nowServing: nowServing)
    }

    /// Notes that an operation has named the lock, which is empty.
    mutating func touch(now: Instant) { since = now }

    /// Appends a new ticket, served at once when the queue is empty.
    mutating func issue(
        _ request: TicketRequest, token: FencingToken, now: Instant, journal: inout Journal
    ) -> TicketStatus {
        lastIssued += 1
        var expires = now + request.lifetime
        if case .acquire(let until) = request.kind { expires = until }
        queue.append(
            Ticket(
                number: lastIssued, token: token, issued: now, expires: expires,
                lifetimeOnceServed: request.isAcquire ? request.lifetime : nil, hasKey: request.key != nil,
                isUntold: request.isAcquire && request.key == nil))
        journal.statistics.issued += 1
        journal.ticketCount += 1
        if journal.notesChanges { journal.note(queue[queue.lastPlace]) }
        serveNext(now: now, journal: &journal)
        return status(at: queue.lastPlace)
    }

    /// Ticket `number` as its holder sees it, if it is queued and `token` is right or not given.
    func status(of number: TicketNumber, token: FencingToken?) -> Result<TicketStatus, Refusal> {
        place(of: number, token: token).map { status(at: $0) }
    }

    /// Notes that the holder of ticket `number` knows of it.
    mutating func tell(_ number: TicketNumber, journal: inout Journal) {
        guard let place = queue.place(of: number), queue[place].isUntold else { return }
        queue.tell(at: place)
        if journal.notesChanges { journal.note(queue[place]) }
    }

    /// Makes what becomes of ticket `number` an event.
    mutating func watch(_ number: TicketNumber) {
        guard let place = queue.place(of: number) else { return }
        queue.watch(at: place)
    }

    /// Lets ticket `number` expire then.
    mutating func extend(
        _ number: TicketNumber, token: FencingToken?, to expires: Instant, journal: inout Journal
    ) -> Result<TicketStatus, Refusal> {
        place(of: number, token: token).map { place in
            // A ticket of acquire that waits lives as long as its caller waits, and is not cut short.
            let waits = place != queue.headPlace && queue[place].lifetimeOnceServed != nil
            queue.setExpiry(at: place, to: waits ? max(expires, queue[place].expires) : expires)
            if journal.notesChanges { journal.note(queue[place]) }
            return status(at: place)
        }
    }

    /// Lets a ticket of `acquire` that still waits live at least until then.
    mutating func keepWaiting(_ number: TicketNumber, until: Instant) {
        guard let place = queue.place(of: number), place != queue.headPlace, queue[place].expires < until
        else { return }
        queue.setExpiry(at: place, to: until)
    }

    /// Removes ticket `number`, wherever it stands; false when it is not there, as in Rasa's
    /// `remove_ticket_for`. Refuses a token that is not the ticket's.
    mutating func remove(
        _ number: TicketNumber, token: FencingToken?, ending: Journal.Ending, now: Instant,
        journal: inout Journal
    ) -> Result<Bool, Refusal> {
        switch place(of: number, token: token) {
        case .failure(.tokenMismatch): return .failure(.tokenMismatch)
        case .failure: return .success(false)
        case .success(let place):
            end(at: place, ending, now: now, journal: &journal)
            serveNext(now: now, journal: &journal)
            return .success(true)
        }
    }

    /// Removes all tickets, the lock being deleted.
    mutating func removeAll(now: Instant, journal: inout Journal) {
        while !queue.isEmpty { end(at: queue.headPlace, .lockDeleted, now: now, journal: &journal) }
    }

    /// Removes the tickets whose expiry has come, wherever they stand, and then serves the next that is
    /// alive. Rasa: `remove_expired_tickets`, with `>` made `>=`.
    mutating func dropExpired(now: Instant, journal: inout Journal) {
        while let earliest = queue.earliest, earliest.expires <= now {
            end(at: earliest.place, .expired, now: now, journal: &journal)
        }
        serveNext(now: now, journal: &journal)
    }

    private func place(of number: TicketNumber, token: FencingToken?) -> Result<Int, Refusal> {
        guard let place = queue.place(of: number) else {
            return .failure((0..<lastIssued + 1).contains(number) ? .gone(.unknown) : .neverIssued)
        }
        guard token == nil || token == queue[place].token else { return .failure(.tokenMismatch) }
        return .success(place)
    }

    private func status(at place: Int) -> TicketStatus {
        let ticket = queue[place]
        return TicketStatus(
            number: ticket.number, token: ticket.token, expires: ticket.expires, nowServing: nowServing,
            position: queue.position(at: place))
    }

    private mutating func end(at place: Int, _ ending: Journal.Ending, now: Instant, journal: inout Journal) {
        let servedSince = place == queue.headPlace && isHeadServed ? since : nil
        if place == queue.headPlace { isHeadServed = false }
        journal.ticketEnded(queue.remove(at: place), ending, servedSince: servedSince, now: now)
    }

    /// Serves the head if it is not being served already. Only a change of head hands the lock over;
    /// removing a waiter wakes nobody.
    private mutating func serveNext(now: Instant, journal: inout Journal) {
        guard !isHeadServed, let head = queue.first else { return }
        isHeadServed = true
        since = now
        journal.statistics.waitTimes.record(nanoseconds: now.nanoseconds - head.issued.nanoseconds)
        if let lifetime = head.lifetimeOnceServed {
            queue.setExpiry(at: queue.headPlace, to: now + lifetime)
            queue.tell(at: queue.headPlace)
            journal.note(head)
        }
        if head.isWatched { journal.events.append(.served(status(at: queue.headPlace))) }
    }
}
