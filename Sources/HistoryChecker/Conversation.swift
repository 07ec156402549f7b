import TicketLock

/// What is known of one conversation: some hundred bytes, and the tickets that may be alive or went lately.
final class Conversation {
    /// The tickets that went last are kept, to recognize them when they come back.
    static let goneTicketsMax = 64
    /// With so many the old ones are forgotten first.
    private static let keysMax = 256

    let id: ConversationID
    /// In the order of their numbers.
    var tickets: [JudgedTicket] = []
    /// Of requests that are open or were lost.
    var intents: [Intent] = []
    /// Grows with each fault that lets numbers begin anew: requests sent before are not judged by what came after.
    var era = 0
    var floor = Floor()
    /// The highest number that can have been given out; nil as long as none is known.
    var ceiling: Int64?
    /// Requests for a ticket that may have been given a number which nobody was told.
    var untoldIssues: Int64 = 0
    /// Keys whose ticket nobody has been told, and what had happened when each was first sent.
    var keys: [String: (floor: Floor, sent: Instant, era: Int)] = [:]
    var openRequests = 0
    /// Those of them that ask for a ticket: their answers may tell of tickets that are long gone.
    var openIssues = 0
    /// The lines by which tickets had been ended that may be told of only after that: all of them, and those that are
    /// replaced.
    var deletedLine = 0
    var replacedLine = 0
    /// Of the requests that were answered, when the last was sent.
    var touched = Instant(nanoseconds: .min)

    init(_ id: ConversationID) {
        self.id = id
    }

    /// What had certainly happened by a moment: what comes later must be above it.
    struct Floor {
        var number: TicketNumber = -1
        var numberLine = 0
        /// Nil as long as none is known.
        var token: FencingToken?
        var tokenLine = 0
        /// The highest number that has been at the head.
        var head: TicketNumber = -1
        var headLine = 0
    }

    /// The place of ticket `number`, or where it belongs.
    func place(of number: TicketNumber) -> (index: Int, isThere: Bool) {
        var low = 0
        var high = tickets.count
        while low < high {
            let middle = (low + high) / 2
            if tickets[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return (low, low < tickets.count && tickets[low].number == number)
    }

    func index(of number: TicketNumber?) -> Int? {
        guard let number else { return nil }
        let place = place(of: number)
        return place.isThere ? place.index : nil
    }

    func settle(_ request: Int64) {
        if !intents.isEmpty { intents.removeAll { $0.request == request } }
    }

    /// What had happened when the request's key was first sent, which a request without an answer keeps.
    func floor(ofKey request: HistoryRequest, at moment: Instant, kept: Duration) -> Floor {
        guard let key = request.key, request.operation.takes else { return floor }
        // Of a request from before all was forgotten the ticket may be any.
        if let first = keys[key] { return first.era == era ? first.floor : Floor() }
        if keys.count >= Self.keysMax { keys = keys.filter { moment - $0.value.sent < kept } }
        keys[key] = (floor, moment, era)
        return floor
    }

    func keepToken(_ token: FencingToken, line: Int) {
        if let highest = floor.token, highest >= token { return }
        floor.token = token
        floor.tokenLine = line
    }

    /// Forgets all that a loss of state may have made untrue; how far the tokens had come stays.
    func forget() {
        let token = (floor.token, floor.tokenLine)
        // The store may still know them.
        let moment = max(touched, Instant(nanoseconds: 0))
        for case let key? in tickets.map(\.key) { keys[key] = (Floor(), moment, era) }
        tickets = []
        floor = Floor()
        (floor.token, floor.tokenLine) = token
        ceiling = nil
        era += 1
    }

    /// Forgets the tickets that went first.
    func prune() {
        guard tickets.count > 2 * Self.goneTicketsMax else { return }
        let gone = tickets.prefix { $0.goneBy != nil }.count
        guard gone > 2 * Self.goneTicketsMax else { return }
        tickets.removeFirst(gone - Self.goneTicketsMax)
    }

    // MARK: What is certain

    /// Whether the ticket is certainly queued at `moment`, the latest one looked at, unless request `own` ends it.
    func isAlive(_ ticket: JudgedTicket, at moment: Instant, own: Int64) -> Bool {
        guard ticket.goneBy == nil, ticket.expiresFrom > moment else { return false }
        for intent in intents where intent.request != own && intent.concerns(ticket) {
            guard case .expiry(let lifetime) = intent.effect, intent.sent + lifetime > moment else {
                return false
            }
        }
        return true
    }

    /// When the ticket had certainly gone: nil when it may be alive.
    func goneBy(_ ticket: JudgedTicket) -> Instant? {
        let gone = ticket.goneBy ?? .never
        let moment = isExpiryOpen(ticket) ? gone : min(gone, ticket.expiresBy)
        return moment == .never ? nil : moment
    }

    /// Whether a request that may change the ticket's expiry is open or lost.
    func isExpiryOpen(_ ticket: JudgedTicket, own: Int64 = 0) -> Bool {
        intents.contains { $0.request != own && $0.effect != .ends && $0.concerns(ticket) }
    }

    /// Since when ticket `number` has certainly been at the head, or gone; nil when that is not certain.
    ///
    /// It is at the head once all before it are gone. Only as long as every number down to one that was at the head
    /// itself is known can that be said: an unknown one may be somebody's who has not been told.
    func turnCame(_ number: TicketNumber) -> Instant? {
        var (place, isThere) = place(of: number)
        let gone = isThere ? goneBy(tickets[place]) ?? .never : .never
        if isThere, let head = tickets[place].headBy { return min(head, gone) }
        var since = Instant(nanoseconds: .min)
        var next = number
        while true {
            guard place > 0, tickets[place - 1].number == next - 1, let ahead = goneBy(tickets[place - 1])
            else { return gone == .never ? nil : gone }
            since = max(since, ahead)
            place -= 1
            next -= 1
            if tickets[place].headBy != nil { return min(since, gone) }
        }
    }
}
