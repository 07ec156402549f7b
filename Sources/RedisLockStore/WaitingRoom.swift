import LockStore
import TicketLock

/// The callers of this daemon that wait in one conversation, and what is known of their tickets. Loop thread only.
///
/// `@unchecked Sendable`: it is made and used inside the store's isolation; only the reference travels into its tasks.
final class WaitingRoom: @unchecked Sendable {
    /// A ticket that somebody here waits for.
    struct Ticket {
        /// As it was last seen.
        var status: TicketStatus
        /// The same moment as the status's, in Redis's microseconds.
        var expires: Int64
        /// For a ticket of acquire: the lifetime that starts when it is served, in microseconds.
        let lifetime: Int64?
        /// What those who wait for it are known by among all ``Waiters``.
        let group: UInt64
        var callerCount: Int
        /// What is said to have become of it.
        var reason: GoneReason?
        /// It is said to have gone because nothing was heard of this daemon.
        var isUnheard = false
        /// When it was seen last.
        var seen: Instant
    }

    enum Subscription {
        case none, requested, confirmed
    }

    let id: ConversationID
    let key: String
    /// Its place among the rooms' deadlines.
    let place: Int
    /// By number, smallest first: the first is the only one that may be served next.
    private(set) var tickets: [Ticket] = []
    var subscription = Subscription.none
    /// Grows with every message: who joins with an older one may have missed something.
    var generation = 0
    /// When the ticket at the head of the queue expires, as last seen.
    var headExpires = Instant.never
    /// When a room with nobody in it is given up.
    var emptySince: Instant?
    /// Not before this moment is anything asked because of time alone.
    var restsUntil = Instant(nanoseconds: .min)
    var isChecking = false
    /// When it was asked about last.
    var lastAsked: Instant
    /// Its messages were lost, and will come in again.
    var isToBeRenewed = false
    /// Somebody who is none of us may have written the lock.
    var isRewritten = false
    var mustCheck = false
    /// The tickets to ask for at the next check, beside the first; nil: all of them.
    private var asked: Set<TicketNumber>? = []

    init(id: ConversationID, key: String, place: Int, now: Instant) {
        self.id = id
        self.key = key
        self.place = place
        lastAsked = now
    }

    var isEmpty: Bool { tickets.isEmpty }

    /// When something has changed by time alone: the head or a ticket of ours has expired.
    ///
    /// - Parameter patience: how much later than that it is asked about.
    func nextChange(patience: Duration) -> Instant {
        let expiry = tickets.reduce(headExpires) { min($0, $1.status.expires) }
        return expiry == .never ? .never : max(restsUntil, expiry + patience)
    }

    subscript(number: TicketNumber) -> Ticket? {
        get { place(of: number).map { tickets[$0] } }
        set {
            guard let place = place(of: number) else { return }
            if let newValue { tickets[place] = newValue } else { tickets.remove(at: place) }
        }
    }

    /// One more caller; gives the group it is in.
    func join(
        _ status: TicketStatus, expires: Int64, lifetime: Int64?, now: Instant, newGroup: () -> UInt64
    ) -> UInt64 {
        if let place = place(of: status.number), tickets[place].status.token == status.token {
            tickets[place].callerCount += 1
            tickets[place].status = status
            tickets[place].expires = expires
            tickets[place].seen = now
            return tickets[place].group
        }
        let group = newGroup()
        let place = tickets.firstIndex { $0.status.number > status.number } ?? tickets.count
        tickets.insert(
            Ticket(
                status: status, expires: expires, lifetime: lifetime, group: group, callerCount: 1, seen: now),
            at: place)
        return group
    }

    /// One caller less.
    func leave(_ waiter: Waiter) {
        guard let place = tickets.firstIndex(where: { $0.group == waiter.group }) else { return }
        tickets[place].callerCount -= 1
        if tickets[place].callerCount == 0 { tickets.remove(at: place) }
    }

    /// Takes note of how a group's ticket stands now.
    func update(_ group: UInt64, _ status: TicketStatus, expires: Int64, now: Instant) {
        guard let place = tickets.firstIndex(where: { $0.group == group }) else { return }
        tickets[place].status = status
        tickets[place].expires = expires
        tickets[place].seen = now
    }

    /// Forgets the ticket of a group whose callers have all been answered.
    func forget(_ group: UInt64) {
        tickets.removeAll { $0.group == group }
    }

    func ask(_ number: TicketNumber) {
        asked?.insert(number)
        mustCheck = true
    }

    func askAll() {
        asked = nil
        mustCheck = true
    }

    /// What the next check is to ask for: the first, what was asked for, and what must have expired by now.
    func takeAsked(now: Instant) -> [Ticket] {
        defer {
            asked = []
            mustCheck = false
        }
        guard let asked else { return tickets }
        return tickets.enumerated().filter { place, ticket in
            place == 0 || ticket.status.expires <= now || asked.contains(ticket.status.number)
        }.map(\.element)
    }

    private func place(of number: TicketNumber) -> Int? {
        tickets.firstIndex { $0.status.number == number }
    }
}
