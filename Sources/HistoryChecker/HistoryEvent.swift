package import TicketLock

/// Something that happened, as one line of a history tells it. ``HistoryReader`` has the format.
package enum HistoryEvent: Equatable, Sendable {
    /// A client sent a request, at the earliest then.
    case sent(HistoryRequest)
    /// A client had read the whole answer, at the latest then.
    case answered(HistoryAnswer)
    /// The daemon gave the last byte of the answer to the kernel exactly then: it must be true at that moment.
    case written(HistoryAnswer)
    /// No answer will come. What was asked was done, or not, or will be.
    /// `isDone` false: the recorder knows that it was not and never will be.
    case lost(request: Int64, isDone: Bool?)
    /// One ticket of the answer to a request that lists them, in the answer's order; the answer itself follows.
    case listed(ListedTicket)
    case fault(HistoryFault)
    /// Nothing was recorded after this moment.
    case end
}

/// What was asked.
package struct HistoryRequest: Equatable, Sendable {
    package enum Operation: String, CaseIterable, Sendable {
        case issueTicket = "issue_ticket"
        case acquire
        case wait
        case extend
        case watch
        case finishServing = "finish_serving"
        case cleanUp = "cleanup"
        case isWaiting = "is_waiting"
        case getLock = "get_lock"
        case putLock = "put_lock"
        case deleteLock = "delete_lock"

        /// It asks for a ticket.
        var takes: Bool { self == .issueTicket || self == .acquire }
        /// It may be answered as late as its timeout.
        var waits: Bool { self == .acquire || self == .wait || self == .watch }
    }

    /// Names the request in its answer; never used twice.
    package var request: Int64
    package var client: String?
    package var operation: Operation
    package var id: ConversationID
    package var ticket: TicketNumber?
    package var token: FencingToken?
    package var lifetime: Duration?
    package var timeout: Duration?
    package var patience: Duration?
    package var key: String?
    /// It is issued with `"if_busy": "replace"`.
    package var replaces = false

    package init(_ request: Int64, _ operation: Operation, of id: ConversationID) {
        self.request = request
        self.operation = operation
        self.id = id
    }
}

/// What was answered: of the daemon's JSON what is judged, nil for what it did not say.
package struct HistoryAnswer: Equatable, Sendable {
    package var request: Int64
    package var status: Int
    /// Of a problem.
    package var code: String?
    package var ticket: TicketNumber?
    package var token: FencingToken?
    package var isLocked: Bool?
    package var nowServing: TicketNumber?
    package var expiresIn: Duration?
    /// When the ticket expires, on the history's own clock.
    package var expiresAt: Instant?
    package var removed: Bool?
    package var deleted: Bool?
    package var isSomeoneWaiting: Bool?
    package var waiting: Int64?

    package init(_ request: Int64, status: Int) {
        self.request = request
        self.status = status
    }
}

/// A ticket of a lock that was read.
package struct ListedTicket: Equatable, Sendable {
    package var request: Int64
    package var ticket: TicketNumber
    package var token: FencingToken
    package var expiresAt: Instant?

    package init(_ request: Int64, ticket: TicketNumber, token: FencingToken, expiresAt: Instant? = nil) {
        self.request = request
        self.ticket = ticket
        self.token = token
        self.expiresAt = expiresAt
    }
}

/// Something that failed, and what is not to be expected for that reason. Everything else stays forbidden.
package struct HistoryFault: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// A process was killed; its state is elsewhere. Relaxes nothing: what was under way is lost, line by line.
        case killed
        /// A process began again with its state. Relaxes nothing.
        case restarted
        /// Nothing can be done until `available`. The bounds on answers and on hand-over count from there.
        case unavailable
        case available
        /// Everything was forgotten but how far the tokens had come: tickets told before may be gone or given again,
        /// numbers begin anew. Tokens still grow.
        case stateLost = "state_lost"
        /// The same, and the tokens too: the wall clock went back while nothing was stored.
        case tokensLost = "tokens_lost"
        /// The newest changes may be undone: tickets told before may be missing, finished ones back, extensions
        /// forgotten. Still a ticket that was told is served excludes all others until it is over, and numbers and
        /// tokens grow.
        case powerLost = "power_lost"
        /// Redis failed over: as `state_lost`, and for requests sent in the next `seconds`, too.
        case failedOver = "failed_over"
        /// The clock that expiry is measured by is another one: when tickets expire is not known until told again.
        case clockJumped = "clock_jumped"
        /// Numbers may begin anew: `max_retained_numbers` was reached, or `number_retention` passed unseen.
        case numbersForgotten = "numbers_forgotten"
    }

    package var kind: Kind
    package var lasts: Duration

    package init(_ kind: Kind, lasts: Duration = .zero) {
        self.kind = kind
        self.lasts = lasts
    }
}
