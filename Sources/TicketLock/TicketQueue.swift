/// The tickets of one lock, first in first out, where any may leave from any place.
///
/// Most locks have one ticket: it lies in the queue itself, and only those behind it take memory elsewhere.
struct TicketQueue: Sendable {
    /// From this length on the queue keeps a heap of its expiries.
    static let heapedCount = 17

    /// None, or one that holds all tickets behind the head: as an array it takes 8 bytes here. It stays until
    /// the queue is empty.
    private var waiting: [WaitingTickets] = []
    private var head: Ticket?

    var isEmpty: Bool { head == nil }
    var count: Int { head == nil ? 0 : waiting.isEmpty ? 1 : 1 + waiting[0].count }
    var first: Ticket? { head }

    /// The place of the ticket being served; only when there is one. A waiting one's is one more than it has
    /// among the waiting.
    var headPlace: Int { 0 }

    /// The place of the ticket last appended; only when there is one.
    var lastPlace: Int { waiting.isEmpty || waiting[0].isEmpty ? headPlace : waiting[0].lastPlace + 1 }

    subscript(place: Int) -> Ticket {
        if place == headPlace, let head { return head }
        return waiting[0][place - 1]
    }

    mutating func append(_ ticket: Ticket) {
        guard head != nil else {
            head = ticket
            return
        }
        if waiting.isEmpty { waiting.append(WaitingTickets()) }
        waiting[0].append(ticket)
    }

    /// Where ticket `number` stands, if it is in the queue.
    func place(of number: TicketNumber) -> Int? {
        if let head, head.number == number { return headPlace }
        return waiting.isEmpty ? nil : waiting[0].place(of: number).map { $0 + 1 }
    }

    /// How many tickets stand ahead of the one at `place`.
    func position(at place: Int) -> Int {
        place == headPlace ? 0 : waiting[0].position(at: place - 1) + 1
    }

    mutating func setExpiry(at place: Int, to expires: Instant) {
        if place == headPlace {
            head?.expires = expires
        } else {
            waiting[0].setExpiry(at: place - 1, to: expires)
        }
    }

    mutating func watch(at place: Int) {
        if place == headPlace { head?.isWatched = true } else { waiting[0].watch(at: place - 1) }
    }

    mutating func tell(at place: Int) {
        if place == headPlace { head?.isUntold = false } else { waiting[0].tell(at: place - 1) }
    }

    /// Takes out the ticket at `place`; other tickets' places are not to be used after it.
    @discardableResult
    mutating func remove(at place: Int) -> Ticket {
        guard place == headPlace, let head else { return waiting[0].remove(at: place - 1) }
        self.head = waiting.isEmpty ? nil : waiting[0].popFirst()
        if isEmpty { waiting = [] }
        return head
    }

    /// The earliest expiry and the place of the ticket that has it.
    var earliest: (expires: Instant, place: Int)? {
        guard let head else { return nil }
        if !waiting.isEmpty, let other = waiting[0].earliest, other.expires < head.expires {
            return (other.expires, other.place + 1)
        }
        return (head.expires, headPlace)
    }

    /// At most `limit` tickets from that number on, and the number of the one after them. What is not among them is
    /// not looked at.
    func tickets(limit: Int, from start: TicketNumber) -> (tickets: [Ticket], next: TicketNumber?) {
        var found: [Ticket] = []
        if let head, head.number >= start { found.append(head) }
        if let waiting = waiting.first {
            for ticket in waiting.tickets(from: start) {
                guard found.count < limit else { return (found, ticket.number) }
                found.append(ticket)
            }
        }
        return (found, nil)
    }

    /// The tickets, the one being served first.
    var tickets: [Ticket] { tickets(limit: .max, from: 0).tickets }
}
