import TicketLock

/// What an answer says, operation by operation.
extension HistoryChecker {
    mutating func judge(_ answer: HistoryAnswer, isWritten: Bool) throws(HistoryError) {
        let request = try close(answer.request)
        let conversation = request.conversation
        defer { conversation.prune() }
        judgeDelay(of: request, ticket: answer.ticket ?? request.sent.ticket, isOver: true)
        letNumbersGo(answer, request)
        let isJudged = request.era == conversation.era && request.at >= forgivenUntil
        guard (200..<300).contains(answer.status) else { return judgeProblem(answer, request, isJudged) }
        conversation.settle(request.sent.request)
        guard isJudged else { return judgeToken(of: answer, request) }
        switch request.sent.operation {
        case .issueTicket, .acquire: try judgeGiven(answer, request, isWritten: isWritten)
        case .wait, .extend, .watch:
            guard let number = answer.ticket ?? request.sent.ticket else { throw error("ticket is missing") }
            let seen = Sighting(
                number, answer.token ?? request.sent.token, answer, request,
                changes: request.sent.operation != .wait && request.sent.lifetime != nil
                    || request.sent.operation == .extend)
            judgeSeen(seen)
            judgeTruth(of: answer, seen, isWritten: isWritten)
        case .finishServing, .cleanUp: judgeEnded(answer, request)
        case .isWaiting: judgeQueue(answer, request, except: nil)
        case .getLock, .putLock: judgeListed(answer, request)
        case .deleteLock: judgeDeleted(answer, request)
        }
    }

    /// A lock that was not seen for ``HistoryOptions/numberRetention`` may have been forgotten.
    private func letNumbersGo(_ answer: HistoryAnswer, _ request: OpenRequest) {
        let conversation = request.conversation
        if conversation.touched.nanoseconds != .min, now - conversation.touched >= options.numberRetention,
            request.era == conversation.era
        {
            let isQueued = conversation.tickets.contains { conversation.isAlive($0, at: now, own: 0) }
            if !isQueued { conversation.forget() }
        }
        if showsLock(answer, request.sent.operation) {
            conversation.touched = max(conversation.touched, request.at)
        }
    }

    /// Whether there was a lock. Who asks for one that is not there keeps no number from being forgotten.
    private func showsLock(_ answer: HistoryAnswer, _ operation: HistoryRequest.Operation) -> Bool {
        guard (200..<300).contains(answer.status) else { return false }
        return switch operation {
        case .issueTicket, .acquire, .wait, .extend, .watch, .getLock, .putLock: true
        case .finishServing: answer.removed == true
        case .cleanUp, .deleteLock: answer.removed == true || answer.deleted == true
        case .isWaiting: answer.isSomeoneWaiting == true
        }
    }

    /// Of an answer that a fault forgives all else. With a key it may speak of an old ticket.
    private mutating func judgeToken(of answer: HistoryAnswer, _ request: OpenRequest) {
        guard request.sent.operation.takes, let token = answer.token, request.at >= tokensForgivenUntil else {
            return
        }
        if let highest = request.oldestFloor.token, token <= highest, request.sent.key == nil {
            find(
                .tokenGoesBack, request.conversation,
                "token \(token) is given out here, after \(highest) at line \(request.floor.tokenLine)")
        }
        request.conversation.keepToken(token, line: line)
    }

    // MARK: Problems

    private mutating func judgeProblem(_ answer: HistoryAnswer, _ request: OpenRequest, _ isJudged: Bool) {
        let conversation = request.conversation
        let isNothingDone = isNothingDone(answer, request.sent.operation)
        if isNothingDone { undo(request) }
        guard isJudged else { return }
        let index = conversation.index(of: request.sent.ticket)
        switch (answer.status, answer.code) {
        case (410, _), (404, _):
            guard !request.sent.operation.takes else { return }
            // An extension may have been done, and its ticket have gone before the answer was written.
            if answer.status == 404 || !mayExtend(request) { conversation.settle(request.sent.request) }
            guard request.sent.ticket != nil else {
                return missAll(request, except: nil, "here there is no lock")
            }
            guard let index, isTokenRight(request, conversation.tickets[index]) else { return }
            if answer.status == 404, answer.code == "ticket_not_found",
                conversation.tickets[index].line < request.line, !conversation.tickets[index].mayBeMissing
            {
                let ticket = conversation.tickets[index]
                find(.answerLost, conversation, "\(told(ticket)), and here it was never issued")
            }
            if isOver(by: request) { return conversation.tickets[index].end(by: now, line: line) }
            miss(index, request, "here it is gone")
        case (409, "token_mismatch"):
            guard let index, request.sent.token != nil, isTokenRight(request, conversation.tickets[index])
            else {
                break
            }
            miss(index, request, "here it is said to have another token")
        default: break
        }
        guard isNothingDone, let index = conversation.index(of: request.sent.ticket),
            isTokenRight(request, conversation.tickets[index])
        else { return }
        conversation.tickets[index].unchangedLine = line
    }

    /// Whether a problem says that nothing was changed.
    ///
    /// An acquire that waited has taken a number, whatever it is told when the store fails; so has one that timed out
    /// or lost its place.
    private func isNothingDone(_ answer: HistoryAnswer, _ operation: HistoryRequest.Operation) -> Bool {
        switch answer.code {
        case "outcome_unknown", "acquire_timeout", "ticket_gone": false
        case "store_unavailable", "shutting_down": operation != .acquire
        default: answer.status < 500 && answer.status != 410 || answer.code == "too_many_waiting"
        }
    }

    /// Whether the time that the request itself asked for may be over: it was done, and answered only then.
    private func isOver(by request: OpenRequest) -> Bool {
        mayExtend(request)
            && request.at + (request.sent.lifetime ?? options.defaultLifetime) <= now + options.clockTolerance
    }

    private func mayExtend(_ request: OpenRequest) -> Bool {
        request.sent.operation == .extend || request.sent.operation == .watch && request.sent.lifetime != nil
    }

    func isTokenRight(_ request: OpenRequest, _ ticket: JudgedTicket) -> Bool {
        request.sent.token == nil || request.sent.token == ticket.token
    }

    // MARK: Finishing

    private mutating func judgeEnded(_ answer: HistoryAnswer, _ request: OpenRequest) {
        let conversation = request.conversation
        if let number = request.sent.ticket {
            if answer.removed == true {
                judgeRemoved(number, request)
            } else if answer.removed == false, let index = conversation.index(of: number) {
                miss(index, request, "here there is nothing to remove")
            }
        }
        if answer.deleted == true {
            missAll(request, except: request.sent.ticket, "the lock is deleted as empty")
        }
        judgeQueue(answer, request, except: request.sent.ticket)
    }

    private mutating func judgeRemoved(_ number: TicketNumber, _ request: OpenRequest) {
        let conversation = request.conversation
        if conversation.index(of: number) == nil {
            // The answer that gives it is still under way.
            let place = conversation.place(of: number).index
            conversation.tickets.insert(
                JudgedTicket(
                    number: number, token: request.sent.token, line: line,
                    lifetime: options.defaultLifetime),
                at: place)
        }
        guard let index = conversation.index(of: number), isStillPossible(index, request) else { return }
        let ticket = conversation.tickets[index]
        if let token = request.sent.token, let own = ticket.token, own != token {
            find(.contradiction, conversation, "\(told(ticket)), and is removed with the token \(token) here")
        } else if ticket.wasRemoved, !ticket.mayBeMissing {
            find(.cameBack, conversation, "ticket \(number) is removed here for the second time")
        }
        conversation.tickets[index].wasRemoved = true
        conversation.tickets[index].end(by: now, line: line)
    }

    // MARK: The queue

    /// What an answer says of the whole queue, after its own ticket's removal.
    private mutating func judgeQueue(
        _ answer: HistoryAnswer, _ request: OpenRequest, except number: TicketNumber?
    ) {
        switch answer.isSomeoneWaiting {
        case true: if let head = answer.nowServing { judgeHead(head, request) }
        case false: missAll(request, except: number, "here the queue is empty")
        default: return
        }
        guard let waiting = answer.waiting else { return }
        let alive = request.conversation.tickets.count { isAliveThroughout($0, request) }
        if alive > waiting + 1 {
            find(
                .answerLost, request.conversation,
                "\(alive) tickets are certainly queued, and here \(waiting) wait behind the first")
        }
    }

    private mutating func judgeListed(_ answer: HistoryAnswer, _ request: OpenRequest) {
        let conversation = request.conversation
        var listed: Set<TicketNumber> = []
        for (place, ticket) in request.listed.enumerated() {
            if place > 0, request.listed[place - 1].ticket >= ticket.ticket {
                let before = request.listed[place - 1].ticket
                find(.order, conversation, "ticket \(ticket.ticket) is listed behind ticket \(before)")
            }
            listed.insert(ticket.ticket)
            judgeSeen(Sighting(ticket, request))
        }
        if let head = request.listed.first?.ticket { judgeHead(head, request) }
        for index in conversation.tickets.indices where !listed.contains(conversation.tickets[index].number) {
            miss(index, request, "here it is not in the queue")
        }
    }

    private mutating func judgeDeleted(_ answer: HistoryAnswer, _ request: OpenRequest) {
        let conversation = request.conversation
        if answer.deleted == false { return missAll(request, except: nil, "here there is no lock") }
        conversation.deletedLine = line
        for index in conversation.tickets.indices where conversation.tickets[index].line < request.line {
            conversation.tickets[index].end(by: now, line: line)
        }
        // Those that came while it was under way: nobody knows whether it has met them.
        for ticket in conversation.tickets where ticket.goneBy == nil {
            conversation.intents.append(
                Intent(request: Intent.nobody, sent: request.at, effect: .ends, number: ticket.number))
        }
    }
}
