import TicketLock

/// The rules that hold between tickets, and between a ticket and time.
extension HistoryChecker {
    func isAliveThroughout(_ ticket: JudgedTicket, _ request: OpenRequest) -> Bool {
        ticket.line < request.line
            && request.conversation.isAlive(ticket, at: now, own: request.sent.request)
    }

    // MARK: The head

    /// An answer to `request` says that ticket `number` is at the head, or was a moment ago.
    mutating func judgeHead(_ number: TicketNumber, _ request: OpenRequest) {
        let conversation = request.conversation
        if number < request.floor.head {
            find(
                .order, conversation,
                "ticket \(number) is at the head here, after ticket \(request.floor.head) was at line"
                    + " \(request.floor.headLine)")
            return
        }
        let own = conversation.index(of: number)
        // Then it is at the head now, and not only when it was looked at.
        let isHeadNow =
            own.map { conversation.isAlive(conversation.tickets[$0], at: now, own: request.sent.request) }
            ?? false
        for index in (0..<conversation.place(of: number).index).reversed() {
            guard conversation.tickets[index].goneBy == nil else {
                // Before one that went when the head came past it all others did, too.
                if conversation.tickets[index].number < conversation.floor.head { break }
                continue
            }
            let ticket = conversation.tickets[index]
            if isHeadNow || ticket.line < request.line,
                conversation.isAlive(ticket, at: now, own: request.sent.request),
                ticket.toldBy != nil || !ticket.mayBeMissing
            {
                conflict(number, ticket, request)
            }
            conversation.tickets[index].end(by: now, line: line)
        }
        if number > conversation.floor.head {
            conversation.floor.head = number
            conversation.floor.headLine = line
            if !conversation.intents.isEmpty, conversation.openIssues == 0 {
                conversation.intents.removeAll { ($0.number ?? number) < number }
            }
        }
        if let own, conversation.tickets[own].headBy == nil { conversation.tickets[own].headBy = now }
    }

    /// A ticket is seen whose number the head has passed while its request was under way: it is gone by now, unless
    /// it certainly is not.
    mutating func judgePassed(_ index: Int, _ seen: Sighting) {
        let (conversation, request) = (seen.request.conversation, seen.request)
        let isAlive = conversation.isAlive(conversation.tickets[index], at: now, own: request.sent.request)
        var isFound = false
        if seen.isLocked == false {
            for ticket in conversation.tickets[(index + 1)...] {
                guard ticket.toldBy != nil, isAlive || ticket.toldLine < request.line,
                    conversation.isAlive(ticket, at: now, own: request.sent.request)
                else { continue }
                conflict(seen.number, ticket, request)
                isFound = true
            }
        }
        if isAlive, !isFound {
            find(
                .order, conversation,
                "ticket \(seen.number) is in the queue here, and ticket \(conversation.floor.head) was at its head at"
                    + " line \(conversation.floor.headLine)")
        }
        conversation.tickets[index].end(by: now, line: conversation.floor.headLine)
    }

    private mutating func conflict(_ number: TicketNumber, _ other: JudgedTicket, _ request: OpenRequest) {
        let until = shown(other.expiresFrom)
        if other.toldBy != nil {
            find(
                .twoHolders, request.conversation,
                "\(told(other)), nobody asked to end it and it does not expire before \(until); ticket \(number)"
                    + " is served here")
        } else {
            find(
                .order, request.conversation,
                "\(told(other)), nobody asked to end it and it does not expire before \(until); ticket \(number)"
                    + " is served before it here")
        }
    }

    // MARK: Missing

    /// An answer to `request` says that a ticket is not in its queue.
    mutating func miss(_ index: Int, _ request: OpenRequest, _ how: String) {
        let conversation = request.conversation
        let ticket = conversation.tickets[index]
        guard ticket.goneBy == nil, ticket.line < request.line else { return }
        if !ticket.mayBeMissing, isAliveThroughout(ticket, request) {
            var words = "\(told(ticket)), nobody asked to end it and it does not expire before "
            words += "\(shown(ticket.expiresFrom)); \(how)"
            if ticket.unchangedLine > 0 {
                words += ". Line \(ticket.unchangedLine) says that nothing was changed"
            }
            find(ticket.unchangedLine > 0 ? .changed : .answerLost, conversation, words)
        }
        conversation.tickets[index].end(by: now, line: line)
    }

    mutating func missAll(_ request: OpenRequest, except number: TicketNumber?, _ how: String) {
        let conversation = request.conversation
        for index in conversation.tickets.indices
        where conversation.tickets[index].goneBy == nil && conversation.tickets[index].number != number {
            miss(index, request, how)
        }
    }

    // MARK: Truth

    /// An answer that says "you are served" must be true at the moment it is written.
    mutating func judgeTruth(of answer: HistoryAnswer, _ seen: Sighting, isWritten: Bool) {
        let conversation = seen.request.conversation
        if let isLocked = seen.isLocked, let head = seen.nowServing, isLocked == (head == seen.number) {
            let words = isLocked ? "waits" : "is served"
            find(
                .contradiction, conversation,
                "ticket \(seen.number) \(words) here, and the one being served is ticket \(head)")
        }
        guard seen.isLocked == false else { return }
        if let span = seen.expiresIn, span <= .zero {
            find(.overWhenWritten, conversation, "ticket \(seen.number) is served here, with no time left")
        } else if isWritten, let expires = seen.expiresAt, expires + options.clockTolerance <= now {
            find(
                .overWhenWritten, conversation,
                "ticket \(seen.number) is served here, and expired \(shownSeconds(now - expires)) before")
        } else if isWritten, let expires = seen.expiresAt, let span = seen.expiresIn,
            now + span > expires + options.answerAge
        {
            find(
                .overWhenWritten, conversation,
                "ticket \(seen.number) is said to have \(shownSeconds(span)) left here, and has"
                    + " \(shownSeconds(expires - now))")
        } else if isWritten, let index = conversation.index(of: seen.number),
            let gone = conversation.goneBy(conversation.tickets[index]), gone < now
        {
            find(
                .overWhenWritten, conversation,
                "ticket \(seen.number) is served here, and was gone at \(shown(gone))")
        }
    }
}
