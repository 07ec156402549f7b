import TicketLock

/// What one kind of script answers, by name.
protocol ScriptAnswer {
    /// nil when numbers are missing.
    init?(_ reply: ScriptReply)
    var reply: ScriptReply { get }
    /// What happened to tickets.
    var journal: ScriptJournal { get }
}

extension ScriptAnswer {
    var code: ScriptReply.Code { reply.code }
}

/// Of the scripts that are about one ticket; `ticket_reply` in `changing.lua`.
struct TicketAnswer: ScriptAnswer {
    struct Made: OptionSet {
        let rawValue: Int64
        static let lock = Made(rawValue: 1)
        static let ticket = Made(rawValue: 2)
    }

    let reply: ScriptReply
    let journal: ScriptJournal
    let made: Made
    let number: TicketNumber
    let token: FencingToken
    /// In Redis's microseconds.
    let expires: Int64
    let nowServing: TicketNumber
    let position: Int

    init?(_ reply: ScriptReply) {
        var numbers = reply.rest
        guard let made = numbers.popFirst(), let number = numbers.popFirst(),
            let token = numbers.popFirst(), let expires = numbers.popFirst(),
            let nowServing = numbers.popFirst(), let position = numbers.popFirst()
        else { return nil }
        self.reply = reply
        self.made = Made(rawValue: made)
        self.number = number
        self.token = FencingToken(clamping: token)
        self.expires = expires
        self.nowServing = nowServing
        self.position = Int(clamping: position)
        journal = ScriptJournal(numbers)
    }
}

/// Of the scripts that take something away, or only look at the queue; `queue_reply` in `changing.lua`.
struct QueueAnswer: ScriptAnswer {
    struct Done: OptionSet {
        let rawValue: Int64
        static let removed = Done(rawValue: 1)
        static let deleted = Done(rawValue: 2)
    }

    let reply: ScriptReply
    let journal: ScriptJournal
    let done: Done
    /// Tickets in the queue.
    let count: Int
    let nowServing: TicketNumber

    init?(_ reply: ScriptReply) {
        var numbers = reply.rest
        guard let done = numbers.popFirst(), let count = numbers.popFirst(),
            let nowServing = numbers.popFirst()
        else { return nil }
        self.reply = reply
        self.done = Done(rawValue: done)
        self.count = Int(clamping: count)
        self.nowServing = nowServing
        journal = ScriptJournal(numbers)
    }
}

/// Of `check.lua`.
struct CheckAnswer: ScriptAnswer {
    struct Asked {
        /// nil: the ticket is gone.
        let position: Int?
        /// In Redis's microseconds.
        let expires: Int64
    }

    let reply: ScriptReply
    let journal: ScriptJournal
    /// When the ticket at the head expires, in Redis's microseconds; nil in an empty queue.
    let headExpires: Int64?
    let nowServing: TicketNumber
    /// The tickets that were asked for, in their order.
    let asked: [Asked]

    init?(_ reply: ScriptReply) {
        var numbers = reply.rest
        guard let count = numbers.popFirst(), let nowServing = numbers.popFirst(),
            let headExpires = numbers.popFirst(), let askedCount = numbers.popFirst()
        else { return nil }
        self.reply = reply
        self.headExpires = count > 0 ? headExpires : nil
        self.nowServing = nowServing
        var asked: [Asked] = []
        for _ in 0..<askedCount {
            guard let position = numbers.popFirst(), let expires = numbers.popFirst() else { return nil }
            asked.append(Asked(position: position < 0 ? nil : Int(clamping: position), expires: expires))
        }
        self.asked = asked
        journal = ScriptJournal(numbers)
    }
}

/// Of the scripts that show a lock; `lock_reply.lua`.
struct LockAnswer: ScriptAnswer {
    /// All in Redis's microseconds.
    struct Ticket {
        let number: TicketNumber
        let token: FencingToken
        let issued: Int64
        let expires: Int64
        /// Of a ticket of acquire.
        let lifetime: Int64?
        let hasKey: Bool
    }

    let reply: ScriptReply
    let journal: ScriptJournal
    let isNew: Bool
    let lastIssued: TicketNumber
    let tickets: [Ticket]

    init?(_ reply: ScriptReply) {
        var numbers = reply.rest
        guard let made = numbers.popFirst(), let lastIssued = numbers.popFirst(),
            let count = numbers.popFirst()
        else { return nil }
        self.reply = reply
        isNew = made != 0
        self.lastIssued = lastIssued
        var tickets: [Ticket] = []
        // A refusal shows none.
        for _ in 0..<(reply.code == .ok ? count : 0) {
            guard let number = numbers.popFirst(), let token = numbers.popFirst(),
                let issued = numbers.popFirst(), let expires = numbers.popFirst(),
                let lifetime = numbers.popFirst(), let key = numbers.popFirst()
            else { return nil }
            tickets.append(
                Ticket(
                    number: number, token: FencingToken(clamping: token), issued: issued, expires: expires,
                    lifetime: lifetime < 0 ? nil : lifetime, hasKey: key != 0))
        }
        self.tickets = tickets
        journal = ScriptJournal(numbers)
    }
}
