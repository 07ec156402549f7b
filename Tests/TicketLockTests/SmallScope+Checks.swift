@testable import TicketLock

extension SmallScope {
    /// What time and the end of locks do to what clients believe and may still send.
    mutating func noticeTime(before: SmallScope) {
        for client in clients.indices where clients[client].belief == .holding && clients[client].until <= now
        {
            clients[client].belief = .over
        }
        for conversation in [0, 1] where lock(conversation) == nil {
            if before.lock(conversation) != nil {
                forgotten[conversation] = now + Self.limits.numberRetention
            } else if forgotten[conversation] <= now {
                forget(conversation)
            }
        }
    }

    /// Nobody sends a number for longer than numbers are retained; after that all is as if it had never been.
    private mutating func forget(_ conversation: Int) {
        highest[conversation] = -1
        forgotten[conversation] = .never
        let left = clients.filter { $0.belief != .none && $0.conversation != conversation }
        clients = left + Array(repeating: Client(), count: clients.count - left.count)
    }

    /// The rules that hold in every state.
    func check() throws {
        var ticketCount = 0
        var deadlines: [Instant] = []
        for conversation in [0, 1] {
            let slot = lock(conversation)
            let tickets = slot?.lock.tickets ?? []
            ticketCount += tickets.count
            if let slot {
                deadlines.append(
                    tickets.map(\.expires).min() ?? slot.lock.since + Self.limits.numberRetention)
                try require(slot.lock.count == tickets.count, "a lock counts its tickets")
                try require(slot.lock.lastIssued == highest[conversation], "the last issued is the highest")
            }
            for (ahead, behind) in zip(tickets, tickets.dropFirst()) {
                try require(ahead.number < behind.number && ahead.token < behind.token, "first in, first out")
            }
            try checkHolder(conversation, tickets.first)
        }
        try require(table.ticketCount == ticketCount, "the table counts its tickets")
        try require(table.lockCount == deadlines.count, "the table counts its locks")
        var table = table
        try require(table.nextDeadline == deadlines.min(), "the next deadline is the earliest")
        if case .tick(expire: true) = path.last {
            try require(deadlines.allSatisfy { $0 > now }, "what has expired is worked off")
        }
        for client in clients where client.belief == .waiting {
            let tickets = lock(client.conversation)?.lock.tickets ?? []
            let position = tickets.firstIndex { $0.token == client.token }
            try require(position != nil && position != 0, "who is served, or whose ticket ended, is told")
        }
    }

    private func checkHolder(_ conversation: Int, _ head: Ticket?) throws {
        let holders = clients.filter { $0.conversation == conversation && $0.belief == .holding }
        try require(holders.count <= 1, "a conversation never has two holders")
        if let holder = holders.first {
            try require(head?.token == holder.token, "who holds a conversation is at the head of its queue")
            try require(head?.expires == holder.until, "a holder knows when its ticket expires")
        }
        if let head, head.expires > now {
            try require(
                holders.first?.token == head.token, "the living head of a queue holds the conversation")
        }
    }
}
