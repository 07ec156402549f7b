/// Why an operation was not done; a client must expect each of these.
package enum Refusal: Error, Equatable, Sendable {
    /// The ticket was issued and is no longer queued: finished, expired, withdrawn, or deleted with its lock.
    case gone(GoneReason)
    /// The conversation has never issued that number.
    case neverIssued
    /// The ticket is queued, with another token than the one given.
    case tokenMismatch
    /// The lock holds ``LockLimits/ticketsPerLockMax`` tickets.
    case queueFull
    /// ``LockLimits/locksMax`` locks exist, and every one of them holds tickets.
    case tooManyLocks
    /// All queues together hold ``LockLimits/ticketsMax`` tickets.
    case tooManyTickets
    /// The idempotency key's first request was another one.
    case idempotencyKeyReused
    /// `acquire` was not served in time; its ticket is withdrawn.
    case acquireTimeout
    /// The store is shutting down; the ticket, if there is one, keeps its place.
    case shuttingDown(TicketStatus?)
}

/// What became of a ticket that is gone, as far as it is known.
package enum GoneReason: Equatable, Sendable {
    /// It is not known any more.
    case unknown
    case expired
    /// Finished, cleaned up or withdrawn by somebody.
    case removed
    /// The whole lock was deleted.
    case lockDeleted
}

/// What `finish_serving` did.
package struct Finished: Equatable, Sendable {
    /// The ticket was there and is not any more.
    package let removed: Bool
    package let nowServing: TicketNumber
    package let isSomeoneWaiting: Bool

    package init(removed: Bool, nowServing: TicketNumber, isSomeoneWaiting: Bool) {
        self.removed = removed
        self.nowServing = nowServing
        self.isSomeoneWaiting = isSomeoneWaiting
    }
}

/// What `cleanup` did.
package struct CleanedUp: Equatable, Sendable {
    package let removed: Bool
    /// The lock was empty and is deleted.
    package let deleted: Bool
    package let isSomeoneWaiting: Bool

    package init(removed: Bool, deleted: Bool, isSomeoneWaiting: Bool) {
        self.removed = removed
        self.deleted = deleted
        self.isSomeoneWaiting = isSomeoneWaiting
    }
}

/// The answer of `is_someone_waiting`.
package struct Waiting: Equatable, Sendable {
    /// The queue is not empty: the ticket being served counts, as in Rasa.
    package let isSomeoneWaiting: Bool
    /// Tickets behind the one being served.
    package let waiting: Int
    package let nowServing: TicketNumber

    package init(isSomeoneWaiting: Bool, waiting: Int, nowServing: TicketNumber) {
        self.isSomeoneWaiting = isSomeoneWaiting
        self.waiting = waiting
        self.nowServing = nowServing
    }
}

/// One lock as it is at this moment.
package struct LockSnapshot: Equatable, Sendable {
    /// The most tickets that are shown at once.
    package static let ticketsMax = 1000

    package let conversationID: ConversationID
    /// Those that were asked for, the one being served first.
    package let tickets: [Ticket]
    package let nowServing: TicketNumber
    package let lastIssued: TicketNumber
    /// There are tickets, whichever were asked for.
    package let isSomeoneWaiting: Bool
    /// The number of the ticket after those; nil when there is none.
    package let next: TicketNumber?

    /// - Parameter isSomeoneWaiting: nil when the tickets are all that there are.
    package init(
        conversationID: ConversationID, tickets: [Ticket], nowServing: TicketNumber, lastIssued: TicketNumber,
        isSomeoneWaiting: Bool? = nil, next: TicketNumber? = nil
    ) {
        self.conversationID = conversationID
        self.tickets = tickets
        self.nowServing = nowServing
        self.lastIssued = lastIssued
        self.isSomeoneWaiting = isSomeoneWaiting ?? !tickets.isEmpty
        self.next = next
    }

    /// At most `limit` of its tickets, from that number on.
    package func part(limit: Int, from start: TicketNumber) -> LockSnapshot {
        let rest = tickets.drop { $0.number < start }
        return LockSnapshot(
            conversationID: conversationID, tickets: Array(rest.prefix(limit)), nowServing: nowServing,
            lastIssued: lastIssued, isSomeoneWaiting: isSomeoneWaiting,
            next: rest.dropFirst(limit).first?.number)
    }
}

/// Some of the locks, and where to go on.
package struct LockPage: Equatable, Sendable {
    package let locks: [LockSnapshot]
    /// Where the next page begins; nil when there is none.
    package let next: Int?

    package init(locks: [LockSnapshot], next: Int?) {
        self.locks = locks
        self.next = next
    }
}

/// Something that a waiting caller must be told. The caller of an operation drains these; the rules call
/// nobody themselves.
package enum Event: Equatable, Sendable {
    /// The ticket is at the head now.
    case served(TicketStatus)
    /// The ticket has left the queue.
    case ended(FencingToken, GoneReason)
}
