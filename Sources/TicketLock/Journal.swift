/// What operations leave behind for others: events for callers that wait, idempotency keys to forget, changes
/// to store, and the statistics.
struct Journal: Sendable {
    var events: [Event] = []
    /// Tickets that had an idempotency key and are gone.
    var endedWithKey: [FencingToken] = []
    var statistics = Statistics()
    /// Tickets in all queues.
    var ticketCount = 0
    /// Whether the table is stored, so that ``changes`` are noted.
    var notesChanges = false
    var changes: [Change] = []
    /// Tickets of the lock at hand that are new, gone, or not as they were.
    var changedTickets: [(number: TicketNumber, token: FencingToken)] = []

    /// Of the lock at hand: its ticket that expired while it was served.
    var lapsed: (number: TicketNumber, held: Duration)?

    mutating func note(_ ticket: Ticket) {
        if notesChanges { changedTickets.append((ticket.number, ticket.token)) }
    }

    /// How a ticket came to its end.
    enum Ending {
        case finished, withdrawn, expired, lockDeleted
    }

    /// - Parameter servedSince: nil when the ticket was never served.
    mutating func ticketEnded(_ ticket: Ticket, _ ending: Ending, servedSince: Instant?, now: Instant) {
        ticketCount -= 1
        note(ticket)
        if let servedSince {
            statistics.holdTimes.record(nanoseconds: now.nanoseconds - servedSince.nanoseconds)
        }
        if ticket.hasKey { endedWithKey.append(ticket.token) }
        let reason: GoneReason
        switch ending {
        case .finished:
            statistics.finished += 1
            reason = .removed
        case .withdrawn:
            statistics.withdrawn += 1
            reason = .removed
        case .lockDeleted:
            statistics.deleted += 1
            reason = .lockDeleted
        case .expired:
            countExpired(ticket, wasServed: servedSince != nil)
            if let servedSince {
                lapsed = (ticket.number, .nanoseconds(now.nanoseconds - servedSince.nanoseconds))
            }
            reason = .expired
        }
        guard ticket.isWatched else { return }
        if servedSince == now { takeBackServed(ticket.token) }
        events.append(.ended(ticket.token, reason))
    }

    /// Nobody is told to be served whose ticket has ended in the same step: the next one may be served in it.
    private mutating func takeBackServed(_ token: FencingToken) {
        let index = events.lastIndex {
            if case .served(let status) = $0 { status.token == token } else { false }
        }
        if let index { events.remove(at: index) }
    }

    private mutating func countExpired(_ ticket: Ticket, wasServed: Bool) {
        if wasServed {
            statistics.expiredHeld += 1
        } else if ticket.lifetimeOnceServed != nil {
            // An acquire that was not served before its caller's timeout.
            statistics.withdrawn += 1
        } else {
            statistics.expiredWaiting += 1
        }
    }
}
