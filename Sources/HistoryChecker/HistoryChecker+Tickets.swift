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

/// Tickets that are given and seen.
extension HistoryChecker {
    // MARK: Given

    mutating func judgeGiven(
        _ answer: HistoryAnswer, _ request: OpenRequest, isWritten: Bool
    ) throws(HistoryError) {
        guard let number = answer.ticket, let token = answer.token else {
            throw error("ticket and token are missing in the answer to \(request.sent.operation.rawValue)")
        }
        let conversation = request.conversation
        conversation.untoldIssues -= 1
        if let index = conversation.index(of: number), conversation.tickets[index].issuer != 0 {
            guard judgeAgain(index, token, request) else { return }
        } else {
            guard judgeNew(number, token, request) else { return }
            note(number, token, request)
            if request.sent.replaces { replaceOthers(before: number, request) }
        }
        let seen = Sighting(number, token, answer, request, changes: false)
        judgeSeen(seen)
        judgeTruth(of: answer, seen, isWritten: isWritten)
    }

    /// The ticket is known from now on; it may have been seen before its own answer came.
    private func note(_ number: TicketNumber, _ token: FencingToken, _ request: OpenRequest) {
        let conversation = request.conversation
        let (index, isThere) = conversation.place(of: number)
        let lifetime = request.sent.lifetime ?? options.defaultLifetime
        if !isThere {
            conversation.tickets.insert(
                JudgedTicket(number: number, token: token, knownBy: now, line: line, lifetime: lifetime),
                at: index)
        }
        conversation.tickets[index].token = token
        conversation.tickets[index].issuer = request.sent.request
        conversation.tickets[index].key = request.sent.key
        conversation.tickets[index].isReplaceable = request.sent.replaces
        guard !conversation.tickets[index].wasExtended else { return }
        conversation.tickets[index].hasPatience = request.sent.patience != nil
        conversation.tickets[index].lifetime = lifetime
        conversation.tickets[index].changedLine = 0
    }

    /// The tickets of the same identity that waited are gone; which these are, a history does not say.
    private func replaceOthers(before number: TicketNumber, _ request: OpenRequest) {
        let conversation = request.conversation
        for ticket in conversation.tickets
        where ticket.number < number && ticket.isReplaceable && ticket.toldBy == nil && ticket.goneBy == nil {
            conversation.intents.append(
                Intent(request: request.sent.request, sent: request.at, effect: .ends, number: ticket.number))
        }
    }

    /// A number that is known already; whether the answer speaks of the ticket that has it.
    private mutating func judgeAgain(_ index: Int, _ token: FencingToken, _ request: OpenRequest) -> Bool {
        let conversation = request.conversation
        let ticket = conversation.tickets[index]
        conversation.ceiling? -= 1
        if let own = ticket.token, own != token {
            find(
                .numberRepeats, conversation,
                "\(told(ticket)) with token \(own), and its number is given out again here with token \(token)"
            )
            return false
        }
        if ticket.key == nil || ticket.key != request.sent.key {
            find(
                .numberRepeats, conversation,
                "\(told(ticket)), and is given to another request here, token and all")
        }
        return true
    }

    /// A number that nobody was given; whether it is noted.
    private mutating func judgeNew(
        _ number: TicketNumber, _ token: FencingToken, _ request: OpenRequest
    ) -> Bool {
        let conversation = request.conversation
        let floor = request.oldestFloor
        if let key = request.sent.key { conversation.keys[key] = nil }
        if let index = conversation.index(of: number), let own = conversation.tickets[index].token,
            own != token
        {
            let words = "\(told(conversation.tickets[index])) with token \(own), and is given out here with"
            find(.numberRepeats, conversation, "\(words) token \(token)")
            return false
        }
        if number <= floor.number {
            find(
                .numberGoesBack, conversation,
                "ticket \(number) is new here, after ticket \(floor.number) was given out at line \(floor.numberLine)"
            )
        }
        if let highest = floor.token, token <= highest {
            find(
                .tokenGoesBack, conversation,
                "ticket \(number) has token \(token) here, after \(highest) was given out at line \(floor.tokenLine)"
            )
        } else {
            judgeNeighbours(number, token, conversation)
        }
        if let key = request.sent.key,
            let index = conversation.tickets.firstIndex(where: {
                $0.key == key && isAliveThroughout($0, request)
            })
        {
            miss(index, request, "here its key gives ticket \(number)")
        }
        if let ceiling = conversation.ceiling, number > ceiling {
            find(
                .numberSkips, conversation,
                "ticket \(number) is given out here, and with all that was asked for ticket \(ceiling) is the highest"
                    + " that there can be: a request that was told that nothing was changed has taken a number"
            )
            conversation.ceiling = nil
        }
        conversation.ceiling = conversation.ceiling ?? number + conversation.untoldIssues
        if number > conversation.floor.number {
            conversation.floor.number = number
            conversation.floor.numberLine = line
        }
        conversation.keepToken(token, line: line)
        return true
    }

    /// Tokens grow with the numbers, whenever they were told.
    private mutating func judgeNeighbours(
        _ number: TicketNumber, _ token: FencingToken, _ conversation: Conversation
    ) {
        let place = conversation.place(of: number).index
        for index in [place - 1, place] where conversation.tickets.indices.contains(index) {
            let other = conversation.tickets[index]
            guard let known = other.token, (other.number < number) != (known < token) else { continue }
            find(
                .tokenGoesBack, conversation,
                "ticket \(number) has token \(token), and ticket \(other.number) has \(known) at line \(other.line)"
            )
        }
    }

    // MARK: Seen

    /// A ticket that an answer shows in its queue.
    mutating func judgeSeen(_ seen: Sighting) {
        let conversation = seen.request.conversation
        guard let index = indexOfSeen(seen) else { return }
        guard isStillPossible(index, seen.request) else { return }
        conversation.tickets[index].knownBy = min(conversation.tickets[index].knownBy, now)
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
                number: seen.number, token: seen.token, knownBy: now, line: line,
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
        if let gone = ticket.goneBy, gone <= request.at, !ticket.mayBeMissing {
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
