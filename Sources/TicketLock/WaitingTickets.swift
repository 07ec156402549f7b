/// The tickets of one lock behind the one at the head, first in first out, where any may leave from any place.
///
/// Numbers only grow, so the array is sorted by them and a ticket is found by its number without an index.
/// A ticket that leaves from the middle leaves a hole; holes are closed when they outnumber the tickets.
/// Many keep a heap of their expiries; few are simply looked through.
struct WaitingTickets: Sendable {
    private static let holesMin = 16
    private static let keptCapacityMax = 4

    private struct Entry {
        var ticket: Ticket
        var isHole = false
    }
    private var entries: [Entry] = []
    /// Where the first ticket stands; what is before it has left.
    private var head: Int {
        get { Int(shortHead) }
        set { shortHead = Int32(newValue) }
    }
    private(set) var count: Int {
        get { Int(shortCount) }
        set { shortCount = Int32(newValue) }
    }
    /// In 4 bytes each, since many locks may have them.
    private var shortHead: Int32 = 0
    private var shortCount: Int32 = 0
    private var expiries: DeadlineHeap?
    /// The holes between the first ticket and the last. None, or one that has them: as an array it takes 8 bytes here.
    private var holes: [HoleCounts] = []

    var isEmpty: Bool { count == 0 }

    /// The place of the ticket last appended; only when there is one.
    var lastPlace: Int { entries.count - 1 }

    subscript(place: Int) -> Ticket { entries[place].ticket }

    mutating func append(_ ticket: Ticket) {
        entries.append(Entry(ticket: ticket))
        count += 1
        if expiries != nil {
            expiries?.set(entries.count - 1, to: ticket.expires)
        } else if count + 1 >= TicketQueue.heapedCount {
            buildHeap()
        }
    }

    /// Where ticket `number` stands, if it is here.
    func place(of number: TicketNumber) -> Int? {
        guard count > 0, number >= entries[head].ticket.number else { return nil }
        // Without holes closed since, the numbers are consecutive and the first guess is right.
        let guess = head + Int(min(number - entries[head].ticket.number, Int64(entries.count)))
        if guess < entries.count, entries[guess].ticket.number == number {
            return entries[guess].isHole ? nil : guess
        }
        let place = firstPlace(from: number)
        guard place < entries.count, entries[place].ticket.number == number, !entries[place].isHole else {
            return nil
        }
        return place
    }

    /// The first place that has that number or a larger one.
    private func firstPlace(from number: TicketNumber) -> Int {
        var low = head
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].ticket.number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How many tickets stand ahead of the one at `place`.
    func position(at place: Int) -> Int {
        guard entries.count - head > count else { return place - head }
        let block = place / HoleCounts.blockPlaces * HoleCounts.blockPlaces
        let holesOfBlock = entries[max(block, head)..<place].count { $0.isHole }
        return place - head - holes[0].countBefore(blockOf: place) - holesOfBlock
    }

    mutating func setExpiry(at place: Int, to expires: Instant) {
        entries[place].ticket.expires = expires
        expiries?.set(place, to: expires)
    }

    mutating func watch(at place: Int) {
        entries[place].ticket.isWatched = true
    }

    mutating func tell(at place: Int) { entries[place].ticket.isUntold = false }

    /// Takes out the first ticket, if there is one.
    mutating func popFirst() -> Ticket? { isEmpty ? nil : remove(at: head) }

    /// Takes out the ticket at `place`; other tickets' places are not to be used after it.
    mutating func remove(at place: Int) -> Ticket {
        let ticket = entries[place].ticket
        entries[place].isHole = true
        expiries?.remove(place)
        count -= 1
        if count == 0 {
            removeAll()
            return ticket
        }
        if place == head {
            head += 1
            while entries[head].isHole {
                holes[0].remove(head)
                head += 1
            }
        } else if place == lastPlace {
            entries.removeLast()
            while entries[lastPlace].isHole {
                holes[0].remove(lastPlace)
                entries.removeLast()
            }
        } else {
            if holes.isEmpty { holes.append(HoleCounts()) }
            holes[0].insert(place)
        }
        if entries.count - count > count + Self.holesMin { closeHoles() }
        return ticket
    }

    private mutating func removeAll() {
        entries.removeAll(keepingCapacity: entries.capacity <= Self.keptCapacityMax)
        head = 0
        expiries = nil
        holes = []
    }

    /// The earliest expiry and the place of the ticket that has it.
    var earliest: (expires: Instant, place: Int)? {
        if let expiries { return expiries.first.map { ($0.due, $0.key) } }
        var found: (expires: Instant, place: Int)?
        for place in head..<entries.count where !entries[place].isHole {
            let expires = entries[place].ticket.expires
            if let earlier = found, earlier.expires <= expires { continue }
            found = (expires, place)
        }
        return found
    }

    /// The tickets from that number on, the first to be served first.
    func tickets(from start: TicketNumber) -> some Sequence<Ticket> {
        entries[firstPlace(from: start)...].lazy.filter { !$0.isHole }.map(\.ticket)
    }

    private mutating func closeHoles() {
        entries.removeAll { $0.isHole }
        head = 0
        expiries = nil
        holes = []
        if count + 1 >= TicketQueue.heapedCount { buildHeap() }
    }

    private mutating func buildHeap() {
        var heap = DeadlineHeap()
        for place in head..<entries.count where !entries[place].isHole {
            heap.set(place, to: entries[place].ticket.expires)
        }
        expiries = heap
    }
}
