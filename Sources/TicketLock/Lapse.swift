/// A ticket that expired while it was served: its holder has died, or its lifetime was too short.
package struct Lapse: Equatable, Sendable {
    package let conversationID: ConversationID
    package let number: TicketNumber
    /// From its service to its end.
    package let held: Duration

    package init(conversationID: ConversationID, number: TicketNumber, held: Duration) {
        self.conversationID = conversationID
        self.number = number
        self.held = held
    }
}

/// Those that have not been told of yet. Only a bounded number is kept, the others are counted.
package struct Lapses: Equatable, Sendable {
    static let countMax = 100

    package internal(set) var first: [Lapse] = []
    /// How many more there were.
    package internal(set) var moreCount = 0

    package init(_ first: [Lapse] = []) { self.first = first }

    mutating func add(_ make: () -> Lapse) {
        if first.count < Self.countMax { first.append(make()) } else { moreCount += 1 }
    }
}

extension LockTable {
    /// The tickets that have expired while they were served since the last call, the oldest first; nil if none has.
    package mutating func takeLapses() -> Lapses? {
        guard !lapses.first.isEmpty else { return nil }
        defer { lapses = Lapses() }
        return lapses
    }

    /// Keeps what the journal has of the lock at hand, of which at most one ticket was served.
    mutating func noteLapse(of slot: Int) {
        guard let (number, held) = journal.lapsed else { return }
        journal.lapsed = nil
        let id = slots[slot].id
        lapses.add { Lapse(conversationID: ids.id(id), number: number, held: held) }
    }
}
