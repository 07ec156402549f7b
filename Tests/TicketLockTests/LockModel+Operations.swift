@testable import TicketLock

extension LockModel {
    mutating func take(_ request: TicketRequest, for id: ConversationID) -> Result<TicketStatus, Refusal> {
        if let index = find(id), let key = request.key {
            let tickets = queues[index].tickets
            if let position = tickets.firstIndex(where: { requests[$0.token]?.key == key }) {
                return take(request, again: requests[tickets[position].token], at: position, in: index)
            }
        }
        let found = queues.firstIndex { $0.id == id }
        if let found, queues[found].tickets.count >= limits.ticketsPerLockMax { return .failure(.queueFull) }
        while ticketCount >= limits.ticketsMax, let overdue { dropExpired(overdue) }
        guard ticketCount < limits.ticketsMax else { return .failure(.tooManyTickets) }
        guard let index = found ?? create(id) else { return .failure(.tooManyLocks) }
        let count = queues[index].tickets.count
        queues[index].lastIssued += 1
        var expires = now + request.lifetime
        if case .acquire(let until) = request.kind, count > 0 { expires = until }
        queues[index].tickets.append(
            Ticket(
                number: queues[index].lastIssued, token: nextToken, issued: now, expires: expires,
                lifetimeOnceServed: request.isAcquire ? request.lifetime : nil, hasKey: request.key != nil,
                isUntold: count > 0 && request.isAcquire && request.key == nil))
        if count == 0 { queues[index].served = nextToken }
        requests[nextToken] = request
        callers[nextToken] = 1
        nextToken += 1
        return .success(status(count, in: index))
    }

    private mutating func take(
        _ request: TicketRequest, again first: TicketRequest?, at position: Int, in index: Int
    ) -> Result<TicketStatus, Refusal> {
        guard first?.isAcquire == request.isAcquire, first?.lifetime == request.lifetime else {
            return .failure(.idempotencyKeyReused)
        }
        callers[queues[index].tickets[position].token, default: 0] += 1
        if case .acquire(let until) = request.kind, position > 0 {
            queues[index].tickets[position].expires = max(until, queues[index].tickets[position].expires)
        }
        return .success(status(position, in: index))
    }

    /// Where ticket `number` is: its lock and its position.
    mutating func place(
        of number: TicketNumber, token: FencingToken?, for id: ConversationID
    ) -> Result<(index: Int, position: Int), Refusal> {
        let index = find(id)
        let lastIssued = index.map { queues[$0].lastIssued } ?? lastIssued(id)
        guard let index, let position = queues[index].tickets.firstIndex(where: { $0.number == number })
        else {
            return .failure(number >= 0 && number <= lastIssued ? .gone(.unknown) : .neverIssued)
        }
        if let token, token != queues[index].tickets[position].token { return .failure(.tokenMismatch) }
        return .success((index, position))
    }

    mutating func extend(
        _ number: TicketNumber, token: FencingToken?, by lifetime: Duration, for id: ConversationID
    ) -> Result<TicketStatus, Refusal> {
        place(of: number, token: token, for: id).map { place in
            let ticket = queues[place.index].tickets[place.position]
            let waitsInAcquire = place.position > 0 && ticket.lifetimeOnceServed != nil
            queues[place.index].tickets[place.position].expires =
                waitsInAcquire ? max(ticket.expires, now + lifetime) : now + lifetime
            return status(place.position, in: place.index)
        }
    }

    mutating func withdraw(_ number: TicketNumber, token: FencingToken, for id: ConversationID) {
        _ = find(id)
        if requests[token]?.key != nil, let count = callers[token], count > 1 {
            callers[token] = count - 1
        } else {
            _ = finish(number, token: token, for: id)
        }
    }

    mutating func finish(
        _ number: TicketNumber, token: FencingToken?, for id: ConversationID
    ) -> Result<Finished, Refusal> {
        let place = place(of: number, token: token, for: id)
        if case .failure(.tokenMismatch) = place { return .failure(.tokenMismatch) }
        let removed = (try? place.get()).map { end(in: $0.index, .removed) { $0.number == number } } ?? false
        let tickets = queues.first { $0.id == id }?.tickets ?? []
        return .success(
            Finished(
                removed: removed, nowServing: tickets.first?.number ?? 0, isSomeoneWaiting: !tickets.isEmpty))
    }

    mutating func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, for id: ConversationID
    ) -> Result<CleanedUp, Refusal> {
        finish(number ?? -1, token: token, for: id).map { finished in
            let index = finished.isSomeoneWaiting ? nil : queues.firstIndex { $0.id == id }
            if let index { delete(index) }
            return CleanedUp(
                removed: finished.removed, deleted: index != nil, isSomeoneWaiting: finished.isSomeoneWaiting)
        }
    }

    mutating func tell(
        _ number: TicketNumber, token: FencingToken?, for id: ConversationID
    ) -> Result<TicketStatus, Refusal> {
        place(of: number, token: token, for: id).map { place in
            queues[place.index].tickets[place.position].isUntold = false
            return status(place.position, in: place.index)
        }
    }

    /// The process dies, and with it all callers that wait.
    mutating func restart() {
        for index in queues.indices {
            for ticket in queues[index].tickets.dropFirst() where ticket.lifetimeOnceServed != nil {
                callers[ticket.token] = 0
                if ticket.isUntold { requests[ticket.token] = nil }
            }
            queues[index].tickets.removeAll(where: \.isUntold)
            for place in queues[index].tickets.indices { queues[index].tickets[place].isWatched = false }
        }
    }

    mutating func watch(_ number: TicketNumber, for id: ConversationID) {
        guard let index = queues.firstIndex(where: { $0.id == id }),
            let position = queues[index].tickets.firstIndex(where: { $0.number == number })
        else { return }
        queues[index].tickets[position].isWatched = true
    }

    func snapshot(_ index: Int) -> LockSnapshot {
        let queue = queues[index]
        return LockSnapshot(
            conversationID: queue.id, tickets: queue.tickets, nowServing: queue.tickets.first?.number ?? 0,
            lastIssued: queue.lastIssued)
    }
}
