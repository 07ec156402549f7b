import TicketLock

/// A ticket that somebody was told of, and what is certain of it.
///
/// Each operation took effect at one unknown moment between its request's being sent and its answer's being read or
/// written. So a ticket is certainly queued from the first answer that told of it until the earliest moment at which
/// it may have gone, and it is certainly gone from the first answer that says so, or when the latest moment at which
/// it can have expired is past. Between these nothing is judged. What came first of two lines of one moment is told by
/// their order in the history.
struct JudgedTicket {
    let number: TicketNumber
    /// Nil when only its number is known, from a finish that came before the answer that gives it.
    var token: FencingToken?
    /// The line that told of it first: by then it was queued.
    var line: Int
    /// The request that was answered with it first; 0 when none was.
    var issuer: Int64 = 0
    var key: String?
    var lifetime: Duration
    /// Kept by patience: each sign of its caller postpones its expiry.
    var hasPatience = false
    var isReplaceable = false

    /// It expires no sooner and no later.
    var expiresFrom = Instant(nanoseconds: .min)
    var expiresBy = Instant.never
    /// The line by which the last change of its expiry had taken effect; 0 when none is known.
    var changedLine = 0

    /// At the head by then, and the line that said so.
    var headBy: Instant?
    /// Its caller was told that it is served, by then.
    var toldBy: Instant?
    var toldLine = 0

    var wasExtended = false

    /// Gone by then, and the line that said so.
    var goneBy: Instant?
    var goneLine = 0
    var wasRemoved = false
    /// The line of an answer that said that nothing was changed, to a request that would have changed it.
    var unchangedLine = 0
    /// A loss of power may have undone it.
    var mayBeMissing = false

    init(number: TicketNumber, token: FencingToken?, line: Int, lifetime: Duration) {
        self.number = number
        self.token = token
        self.line = line
        self.lifetime = lifetime
    }

    /// It is seen after what may have undone its end.
    mutating func revive() {
        guard mayBeMissing else { return }
        mayBeMissing = false
        (goneBy, wasRemoved, changedLine) = (nil, false, 0)
    }

    mutating func end(by moment: Instant, line: Int) {
        guard goneBy == nil else { return }
        goneBy = moment
        goneLine = line
    }
}

/// What a request without an answer may still do, or have done, to tickets.
struct Intent {
    enum Effect: Equatable {
        case ends
        /// The ticket expires that long after the moment of effect.
        case expiry(Duration)
    }

    /// In place of a request that has its answer, when it is not known which tickets it has met.
    static let nobody: Int64 = -1

    let request: Int64
    let sent: Instant
    let effect: Effect
    /// Nil for all.
    var number: TicketNumber?
    var token: FencingToken?
    /// Only tickets that were issued with replace and were not told that they are served.
    var replaces = false

    func concerns(_ ticket: JudgedTicket) -> Bool {
        if replaces { return ticket.isReplaceable && ticket.toldBy == nil }
        guard let number else { return true }
        return number == ticket.number && (token == nil || ticket.token == nil || token == ticket.token)
    }
}
