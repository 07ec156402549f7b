import TicketLock

/// An answer that shows a ticket in its queue.
struct Sighting {
    let number: TicketNumber
    let token: FencingToken?
    let request: HistoryChecker.OpenRequest
    /// The answer to what sets the expiry anew.
    var changes = false
    var isLocked: Bool?
    var nowServing: TicketNumber?
    var expiresIn: Duration?
    var expiresAt: Instant?

    init(
        _ number: TicketNumber, _ token: FencingToken?, _ answer: HistoryAnswer,
        _ request: HistoryChecker.OpenRequest, changes: Bool
    ) {
        self.number = number
        self.token = token
        self.request = request
        self.changes = changes
        isLocked = answer.isLocked
        nowServing = answer.nowServing
        expiresIn = answer.expiresIn
        expiresAt = answer.expiresAt
    }

    init(_ listed: ListedTicket, _ request: HistoryChecker.OpenRequest) {
        number = listed.ticket
        token = listed.token
        self.request = request
        expiresAt = listed.expiresAt
    }
}

/// Tickets that are seen in their queues.
extension HistoryChecker {
    /// A ticket that an answer shows in its queue.
    mutating func judgeSeen(_ seen: Sighting) {
        let conversation = seen.request.conversation
        guard let index = indexOfSeen(seen) else { return }
        guard isStillPossible(index, seen.request) else { return }
        judgeExpiry(index, seen)
        if seen.changes { conversation.tickets[index].wasExtended = true }
        if let head = seen.nowServing { judgeHead(head, seen.request) }
        if seen.isLocked == false {
            turnCount += 1
            if seen.nowServing == nil { judgeHead(seen.number, seen.request) }
            if conversation.tickets[index].toldBy == nil {
                conversation.tickets[index].toldBy = now
                conversation.tickets[index].toldLine = line
            }
        }
        if conversation.floor.head > seen.number { judgePassed(index, seen) }
    }

    /// Where the ticket is, noted now if nobody knew of it; nil when the number is known with another token.
    private mutating func indexOfSeen(_ seen: Sighting) -> Int? {
        let conversation = seen.request.conversation
        let place = conversation.place(of: seen.number)
        guard place.isThere else {
            guard seen.token != nil else { return nil }
            // What it will be when it is served is not known, so nothing is certain of one that waits.
            var ticket = JudgedTicket(
                number: seen.number, token: seen.token, line: line,
                lifetime: options.defaultLifetime)
            ticket.hasPatience = seen.isLocked != false
            ticket.lifetime = ticket.hasPatience ? .zero : ticket.lifetime
            conversation.tickets.insert(ticket, at: place.index)
            return place.index
        }
        let ticket = conversation.tickets[place.index]
        if let token = seen.token, let own = ticket.token, own != token {
            find(
                .numberRepeats, conversation,
                "\(told(ticket)) with token \(own), and here its token is \(token)")
            return nil
        }
        return place.index
    }

    /// Whether the ticket can be alive after `request` was sent; says so when it cannot.
    mutating func isStillPossible(_ index: Int, _ request: OpenRequest) -> Bool {
        let conversation = request.conversation
        let ticket = conversation.tickets[index]
        if ticket.goneBy != nil, ticket.goneLine < request.line, !ticket.mayBeMissing {
            find(
                .cameBack, conversation,
                "ticket \(ticket.number) was gone at line \(ticket.goneLine), and is back here")
            return false
        }
        if request.floor.head > ticket.number {
            find(
                .order, conversation,
                "ticket \(ticket.number) is in the queue here, after ticket \(request.floor.head) was at its head"
                    + " at line \(request.floor.headLine)")
            return false
        }
        if ticket.expiresBy < request.at, !conversation.isExpiryOpen(ticket, own: request.sent.request) {
            find(
                .cameBack, conversation,
                "ticket \(ticket.number) had expired at \(shown(ticket.expiresBy)) at the latest, and is here"
                    + " \(shownSeconds(request.at - ticket.expiresBy)) later")
            conversation.tickets[index].expiresBy = .never
        }
        conversation.tickets[index].revive()
        return true
    }

    /// A ticket and who told of it.
    func told(_ ticket: JudgedTicket) -> String {
        guard ticket.toldBy != nil else {
            return "ticket \(ticket.number) was told of at line \(ticket.line)"
        }
        return "ticket \(ticket.number) was told at line \(ticket.toldLine) that it is served"
    }
}
