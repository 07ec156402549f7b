/// One operation, and what it is about.
package struct LockCall: Equatable, Sendable {
    /// The conversation; of a listing, what the IDs begin with, which may be empty.
    package let id: ConversationID
    package let operation: LockOperation

    package init(_ operation: LockOperation, for id: ConversationID) {
        self.id = id
        self.operation = operation
    }
}

/// What a client asks of a lock, every field checked and every default filled in.
package enum LockOperation: Equatable, Sendable {
    /// Takes a ticket whose lifetime runs from now, creating the lock if it is absent. With a key, a repeated
    /// request gets the first one's ticket while that lives. Rasa: `issue_ticket`.
    case issueTicket(lifetime: Duration, key: IdempotencyKey?)
    /// Answered when the ticket is served, is gone, or `timeout` has passed (the status is then still locked). A
    /// caller that goes away leaves the ticket where it is.
    case wait(TicketNumber, FencingToken?, timeout: Duration)
    /// Takes a ticket and waits for it: while queued it lives as long as the caller waits, and its lifetime starts
    /// when it is served. A caller that goes away, or whose timeout passes, gives its place up.
    case acquire(lifetime: Duration, timeout: Duration, key: IdempotencyKey?)
    /// Lets a live ticket expire `lifetime` from now.
    case extend(TicketNumber, FencingToken?, lifetime: Duration)
    /// Removes the ticket wherever it stands. Rasa: `finish_serving`.
    case finishServing(TicketNumber, FencingToken?)
    /// Takes back a ticket that its caller has not been told of, or has given up.
    case withdraw(TicketNumber, FencingToken)
    /// Finishes the ticket, if one is given, and deletes the lock if its queue is empty. Rasa: `cleanup`.
    case cleanUp(TicketNumber?, FencingToken?)
    /// Rasa: `is_someone_waiting`.
    case isSomeoneWaiting
    /// Rasa: `get_lock`.
    case getLock(limit: Int, from: TicketNumber)
    /// Reads the lock, made empty if it is absent. Rasa: `get_or_create_lock`, which did not save it.
    case getOrCreateLock
    /// Drops the lock with its tickets, whose waiters are told. Rasa: `delete_lock`.
    case deleteLock
    /// Some of the locks; see ``LockTable/page(prefix:limit:from:now:)``.
    case list(limit: Int, from: Int)

    /// Whether a ticket is taken.
    package var takesTicket: Bool {
        switch self {
        case .issueTicket, .acquire: true
        default: false
        }
    }

    package var isAcquire: Bool { if case .acquire = self { true } else { false } }

    /// The ticket that is named, if one is.
    package var ticket: TicketNumber? {
        switch self {
        case .wait(let number, _, _), .extend(let number, _, _), .finishServing(let number, _),
            .withdraw(let number, _):
            number
        case .cleanUp(let number, _): number
        default: nil
        }
    }
}

extension LockCall {
    /// What takes back what this call came to, if its caller is not told of it. A ticket that was taken is given to
    /// nobody else. With a key the caller of issue-ticket comes back for it; without one nobody could finish it.
    package func withdrawal(of outcome: LockOutcome) -> LockCall? {
        guard case .ticket(let status) = outcome else { return nil }
        switch operation {
        case .acquire, .issueTicket(_, nil): return LockCall(.withdraw(status.number, status.token), for: id)
        default: return nil
        }
    }
}

/// What an operation has come to.
package enum LockOutcome: Equatable, Sendable {
    /// Of those that take a ticket, wait for one or extend it.
    case ticket(TicketStatus)
    case finished(Finished)
    case withdrawn
    case cleanedUp(CleanedUp)
    case waiting(Waiting)
    case lock(LockSnapshot, isNew: Bool)
    /// There is no lock to be read.
    case noLock
    /// The tickets that went with the lock; nil when there was none.
    case deleted([TicketNumber]?)
    case page(LockPage)
    /// Nothing was done, or what was waited for will not come.
    case refused(Refusal)

    /// When the ticket expires that is told of.
    package var ticketExpiry: Instant? {
        guard case .ticket(let status) = self else { return nil }
        return status.expires
    }

    package init<Success>(_ result: Result<Success, Refusal>, _ make: (Success) -> LockOutcome) {
        switch result {
        case .success(let value): self = make(value)
        case .failure(let refusal): self = .refused(refusal)
        }
    }
}
