@testable import TicketLock

extension SmallScope {
    /// The state after `move`, every rule that can be seen from outside having been checked on the way.
    func after(_ move: Move) throws -> SmallScope {
        var next = self
        next.path.append(move)
        try next.perform(move)
        for event in next.table.takeEvents() { try next.hear(event) }
        next.noticeTime(before: self)
        try next.check()
        return next
    }

    private mutating func perform(_ move: Move) throws {
        switch move {
        case .issue(let client, let conversation):
            try take(TicketRequest(lifetime: .seconds(2)), conversation, client)
        case .acquire(let client, let conversation):
            let kind = TicketRequest.Kind.acquire(until: now + Self.second)
            try take(TicketRequest(kind: kind, lifetime: Self.second), conversation, client)
        case .finish(let client), .cleanUp(let client):
            try end(client, move)
        case .extend(let client): try extend(client)
        case .withdraw(let client):
            let ticket = clients[client]
            table.withdraw(ticket.number, token: ticket.token, for: Self.ids[ticket.conversation], now: now)
            clients[client].belief = .over
        case .create(let conversation):
            _ = table.lockCreatingIfAbsent(for: Self.ids[conversation], now: now)
        case .delete(let conversation):
            try require(table.deleteLock(for: Self.ids[conversation], now: now), "deletes what is there")
            // Whoever holds a lock that somebody deletes is not told; a waiter is, by its event.
            for client in clients.indices where clients[client].conversation == conversation {
                if clients[client].belief == .holding { clients[client].belief = .over }
            }
        case .tick(let expire):
            now = now + Self.second
            if expire { table.expire(now: now, limit: .max) }
        }
    }

    private mutating func take(_ request: TicketRequest, _ conversation: Int, _ client: Int) throws {
        let result = table.takeTicket(request, for: Self.ids[conversation], now: now)
        guard case .success(let status) = result else {
            return try require((lock(conversation)?.lock.count ?? 0) == 3, "refuses a ticket only when full")
        }
        try require(status.token > lastToken, "a token is greater than every one before")
        try require(
            status.number == highest[conversation] + 1,
            "a number is never given out twice while it may still be sent, and none is left out")
        lastToken = status.token
        highest[conversation] = status.number
        clients[client] = Client(
            belief: .waiting, conversation: conversation, number: status.number, token: status.token)
        if status.isLocked {
            table.watch(status.number, for: Self.ids[conversation])
        } else {
            try serve(client, status)
        }
    }

    private mutating func end(_ client: Int, _ move: Move) throws {
        let ticket = clients[client]
        let before = living(ticket.conversation)
        let removed: Bool
        if case .finish = move {
            let result = table.finishServing(
                ticket.number, token: nil, for: Self.ids[ticket.conversation], now: now)
            removed = try result.get().removed
        } else {
            let result = table.cleanUp(
                ticket.number, token: nil, for: Self.ids[ticket.conversation], now: now)
            removed = try result.get().removed
            let isLeft = lock(ticket.conversation).map { !$0.lock.isEmpty }
            try require(isLeft != false, "cleanup leaves no empty lock")
        }
        try require(removed == before.contains(ticket.token), "removes its own ticket if it is alive")
        let others = before.filter { $0 != ticket.token }
        try require(living(ticket.conversation) == others, "removes no ticket but its own")
        clients[client].belief = .over
    }

    private mutating func extend(_ client: Int) throws {
        let ticket = clients[client]
        let isAlive = living(ticket.conversation).contains(ticket.token)
        let result = table.extend(
            ticket.number, token: nil, by: .seconds(2), for: Self.ids[ticket.conversation], now: now)
        switch result {
        case .success(let status):
            try require(isAlive && status.token == ticket.token, "extends its own living ticket only")
            // An expired head noticed on the way hands over to the ticket before it is extended.
            for event in table.takeEvents() { try hear(event) }
            if clients[client].belief == .holding { clients[client].until = status.expires }
        case .failure(let refusal):
            try require(
                !isAlive && refusal == .gone(.unknown),
                "a living ticket can be extended, an issued one is gone")
        }
    }

    /// The tokens of the tickets of a conversation that have not expired by now.
    private func living(_ conversation: Int) -> [FencingToken] {
        lock(conversation)?.lock.tickets.filter { $0.expires > now }.map(\.token) ?? []
    }

    private mutating func hear(_ event: Event) throws {
        switch event {
        case .served(let status):
            let client = clients.firstIndex { $0.token == status.token && $0.belief == .waiting }
            guard let client else { throw Violation(rule: "one who waits is served, and once", path: path) }
            try serve(client, status)
        case .ended(let token, _):
            // Its own client may know already, having ended it.
            for client in clients.indices where clients[client].token == token {
                clients[client].belief = .over
            }
            try require(!(living(0) + living(1)).contains(token), "a ticket that ended is not queued")
        }
    }

    private mutating func serve(_ client: Int, _ status: TicketStatus) throws {
        let conversation = clients[client].conversation
        try require(status.position == 0 && status.nowServing == status.number, "only the head is served")
        try require(status.token > served[conversation], "tickets are served in the order of their issue")
        try require(status.expires > now, "a ticket is alive when it is served")
        served[conversation] = status.token
        clients[client].belief = .holding
        clients[client].until = status.expires
    }
}
