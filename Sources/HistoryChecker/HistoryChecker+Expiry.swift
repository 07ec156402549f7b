import TicketLock

/// When tickets expire.
extension HistoryChecker {
    /// What an answer says of when a ticket expires.
    mutating func judgeExpiry(_ index: Int, _ seen: Sighting) {
        let conversation = seen.request.conversation
        var ticket = conversation.tickets[index]
        // Of one that has gone since, the requests that changed it are no longer remembered.
        guard ticket.goneBy == nil, let (from, by) = expiry(of: seen) else { return }
        defer { conversation.tickets[index] = ticket }
        if ticket.hasPatience {
            // Being told that it is served lets the rest of its patience go and its lifetime begin.
            guard seen.isLocked == false else {
                ticket.expiresFrom = min(from, seen.request.at + ticket.lifetime)
                return
            }
            ticket.hasPatience = false
            ticket.changedLine = 0
        }
        let isOpen = conversation.isExpiryOpen(ticket, own: seen.request.sent.request)
        let isFirst = ticket.changedLine == 0
        if isFirst || ticket.mayBeMissing || seen.changes && ticket.changedLine < seen.request.line {
            (ticket.expiresFrom, ticket.expiresBy) = (from, by)
            ticket.changedLine = line
        } else if seen.changes {
            // It was under way together with another change, which may have come before or after it.
            ticket.expiresFrom = min(ticket.expiresFrom, from)
            ticket.expiresBy = max(ticket.expiresBy, by)
            ticket.changedLine = line
        } else if !isOpen, ticket.changedLine < seen.request.line {
            judgeSameExpiry(&ticket, from, by, conversation)
        }
    }

    /// Nothing has changed it since it was told.
    private mutating func judgeSameExpiry(
        _ ticket: inout JudgedTicket, _ from: Instant, _ by: Instant, _ conversation: Conversation
    ) {
        if from > ticket.expiresBy || by < ticket.expiresFrom {
            var words = "ticket \(ticket.number) expires between \(shown(ticket.expiresFrom)) and "
            words +=
                "\(shown(ticket.expiresBy)) by line \(ticket.changedLine); here it is between \(shown(from))"
            words += " and \(shown(by))"
            if ticket.unchangedLine > ticket.changedLine {
                words += ". Line \(ticket.unchangedLine) says that nothing was changed"
            }
            find(ticket.unchangedLine > ticket.changedLine ? .changed : .answerLost, conversation, words)
            (ticket.expiresFrom, ticket.expiresBy) = (from, by)
        } else {
            ticket.expiresFrom = max(ticket.expiresFrom, from)
            ticket.expiresBy = min(ticket.expiresBy, by)
        }
    }

    /// Between which moments the ticket expires: `expires_in` was true at one moment of the request.
    private func expiry(of seen: Sighting) -> (from: Instant, by: Instant)? {
        let tolerance = options.clockTolerance.nanoseconds
        var (from, by): (Instant, Instant)
        if let moment = seen.expiresAt {
            (from, by) = (moment, moment)
        } else if let span = seen.expiresIn {
            (from, by) = (seen.request.at + span, now + span)
        } else {
            return nil
        }
        from.nanoseconds -= tolerance
        by.nanoseconds += tolerance
        return (from, by)
    }
}
