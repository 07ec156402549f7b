import TicketLock

/// Callers that wait too long, and faults.
extension HistoryChecker {
    /// How long a request took, or has taken if it is not over.
    mutating func judgeDelay(of request: OpenRequest, ticket: TicketNumber?, isOver: Bool) {
        // While nothing can be done nobody can be told more; that is counted from when something can.
        guard let available = availableSince else { return }
        let sent = request.sent
        let timeout = sent.operation.waits ? sent.timeout ?? options.defaultTimeout : .zero
        let began = max(request.at, available)
        let took = now - request.at
        let name = "\(client(sent))\(sent.operation.rawValue) of line \(request.line)"
        let ending = isOver ? "was over after" : "has no answer after"
        if now - began > options.answerBound, now - max(request.at + timeout, available) > options.answerBound
        {
            let asked = sent.operation.waits ? ", with a timeout of \(shownSeconds(timeout))" : ""
            find(
                .forgotten, request.conversation,
                "\(name) \(ending) \(shownSeconds(took))\(asked)")
        }
        guard sent.operation == .wait || sent.operation == .acquire, now - began > options.handOverBound,
            request.era == request.conversation.era, let ticket,
            let turn = request.conversation.turnCame(ticket)
        else { return }
        let late = now - max(turn, began)
        guard late > options.handOverBound else { return }
        find(
            .forgotten, request.conversation,
            "\(name): ticket \(ticket) was at the head or gone at \(shown(turn)), and its caller"
                + (isOver
                    ? " hears so \(shownSeconds(late)) later" : " has not heard for \(shownSeconds(late))"))
    }

    private func client(_ sent: HistoryRequest) -> String { sent.client.map { "\($0)'s " } ?? "" }

    // MARK: Faults

    mutating func take(_ fault: HistoryFault) {
        switch fault.kind {
        case .killed, .restarted: return
        case .unavailable: availableSince = nil
        case .available: availableSince = now
        case .stateLost, .numbersForgotten: forgetAll()
        case .failedOver:
            forgetAll()
            forgivenUntil = max(forgivenUntil, now + fault.lasts)
        case .tokensLost:
            forgetAll()
            tokensForgivenUntil = now
            for conversation in conversations.values { conversation.floor.token = nil }
        case .powerLost: for conversation in conversations.values { conversation.losePower() }
        case .clockJumped: for conversation in conversations.values { conversation.loseClock() }
        }
    }

    private func forgetAll() {
        for conversation in conversations.values { conversation.forget() }
    }
}

extension Conversation {
    /// The newest changes may be undone.
    fileprivate func losePower() {
        for index in tickets.indices { tickets[index].mayBeMissing = true }
        floor.head = -1
        ceiling = nil
        era += 1
    }

    /// Nothing is known of when tickets expire.
    fileprivate func loseClock() {
        for index in tickets.indices {
            tickets[index].expiresFrom = Instant(nanoseconds: .min)
            tickets[index].expiresBy = .never
            tickets[index].changedLine = 0
        }
    }
}
