import TicketLock

/// Tickets that are given out: their numbers and tokens.
extension HistoryChecker {
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
                JudgedTicket(number: number, token: token, line: line, lifetime: lifetime),
                at: index)
        }
        conversation.tickets[index].token = token
        conversation.tickets[index].issuer = request.sent.request
        conversation.tickets[index].key = request.sent.key
        conversation.tickets[index].isReplaceable = request.sent.replaces
        if request.line < conversation.deletedLine
            || request.sent.replaces && request.line < conversation.replacedLine
        {
            conversation.intents.append(
                Intent(request: Intent.nobody, sent: request.at, effect: .ends, number: number))
        }
        guard !conversation.tickets[index].wasExtended else { return }
        conversation.tickets[index].hasPatience = request.sent.patience != nil
        conversation.tickets[index].lifetime = lifetime
        conversation.tickets[index].changedLine = 0
    }

    /// The tickets of the same identity that waited are gone; which these are, a history does not say.
    private func replaceOthers(before number: TicketNumber, _ request: OpenRequest) {
        let conversation = request.conversation
        conversation.replacedLine = line
        for ticket in conversation.tickets
        where ticket.number < number && ticket.isReplaceable && ticket.toldBy == nil && ticket.goneBy == nil {
            conversation.intents.append(
                Intent(request: Intent.nobody, sent: request.at, effect: .ends, number: ticket.number))
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
}
