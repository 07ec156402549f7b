@testable import TicketLock

/// The rules of the locks once more, as plainly as they can be put: arrays and linear search.
struct LockModel {
    struct Queue {
        let id: ConversationID
        var tickets: [Ticket] = []
        var lastIssued: TicketNumber
        /// The token of the ticket last served.
        var served: FencingToken?
        var touched: Instant
    }
    typealias Retained = (id: ConversationID, next: TicketNumber, until: Instant)

    var limits: LockLimits
    var now = Instant.start
    /// The one touched longest ago first.
    var queues: [Queue] = []
    /// The oldest first.
    var retained: [Retained] = []
    var requests: [FencingToken: TicketRequest] = [:]
    /// Requests that have each ticket.
    var callers: [FencingToken: Int] = [:]
    var nextToken: FencingToken
    var events: [Event] = []

    /// Every operation that names a lock begins with this.
    mutating func find(_ id: ConversationID) -> Int? {
        guard let index = queues.firstIndex(where: { $0.id == id }) else { return nil }
        return dropExpired(touch(index))
    }

    mutating func touch(_ index: Int) -> Int {
        var queue = queues.remove(at: index)
        queue.touched = now
        queues.append(queue)
        return queues.count - 1
    }

    @discardableResult
    mutating func dropExpired(_ index: Int) -> Int {
        let now = now
        let dropped = end(in: index, .expired) { $0.expires <= now }
        return dropped && queues[index].tickets.isEmpty ? touch(index) : index
    }

    /// The lock whose ticket expired first, of those that nobody has looked at since.
    var overdue: Int? {
        let expiries = queues.map { $0.tickets.map(\.expires).min() ?? .never }
        guard let earliest = expiries.min(), earliest <= now else { return nil }
        return expiries.firstIndex(of: earliest)
    }

    @discardableResult
    mutating func end(in index: Int, _ reason: GoneReason, where ends: (Ticket) -> Bool) -> Bool {
        let gone = queues[index].tickets.filter(ends)
        queues[index].tickets.removeAll(where: ends)
        for ticket in gone {
            requests[ticket.token] = nil
            if ticket.isWatched { tellEnd(ticket.token, reason) }
        }
        if let head = queues[index].tickets.first, head.token != queues[index].served {
            queues[index].served = head.token
            if let lifetime = head.lifetimeOnceServed { queues[index].tickets[0].expires = now + lifetime }
            queues[index].tickets[0].isUntold = false
            if head.isWatched { events.append(.served(status(0, in: index))) }
        }
        return !gone.isEmpty
    }

    /// Whoever was to be told in the same step that it is served is not.
    mutating func tellEnd(_ token: FencingToken, _ reason: GoneReason) {
        events.removeAll {
            if case .served(let status) = $0 { status.token == token } else { false }
        }
        events.append(.ended(token, reason))
    }

    func status(_ position: Int, in index: Int) -> TicketStatus {
        let ticket = queues[index].tickets[position]
        return TicketStatus(
            number: ticket.number, token: ticket.token, expires: ticket.expires,
            nowServing: queues[index].tickets[0].number, position: position)
    }

    func lastIssued(_ id: ConversationID) -> TicketNumber {
        (retained.first { $0.id == id && $0.until > now }?.next ?? 0) - 1
    }

    var ticketCount: Int { queues.reduce(0) { $0 + $1.tickets.count } }

    /// Appends an empty lock; nil when there is no room.
    mutating func create(_ id: ConversationID) -> Int? {
        let lastIssued = lastIssued(id)
        if queues.count >= limits.locksMax {
            while !queues.contains(where: { $0.tickets.isEmpty }), let overdue { dropExpired(overdue) }
            guard let oldest = queues.firstIndex(where: { $0.tickets.isEmpty }) else { return nil }
            delete(oldest)
        }
        queues.append(Queue(id: id, lastIssued: lastIssued, touched: now))
        return queues.count - 1
    }

    mutating func delete(_ index: Int) {
        let queue = queues[index]
        for ticket in queue.tickets {
            requests[ticket.token] = nil
            if ticket.isWatched { tellEnd(ticket.token, .lockDeleted) }
        }
        queues.remove(at: index)
        guard queue.lastIssued >= 0 else { return }
        for _ in 0..<2 { if let oldest = retained.first, oldest.until <= now { retained.removeFirst() } }
        let known = retained.first { $0.id == queue.id }?.next ?? 0
        retained.removeAll { $0.id == queue.id }
        if retained.count >= limits.retainedNumbersMax { retained.removeFirst() }
        retained.append((queue.id, max(known, queue.lastIssued + 1), now + limits.numberRetention))
    }

    mutating func expire() {
        while let overdue { dropExpired(overdue) }
        while let idle = queues.firstIndex(where: {
            $0.tickets.isEmpty && $0.touched + limits.numberRetention <= now
        }) {
            delete(idle)
        }
    }

    var nextDeadline: Instant? {
        queues.map { queue in
            queue.tickets.map(\.expires).min() ?? queue.touched + limits.numberRetention
        }.min()
    }
}
