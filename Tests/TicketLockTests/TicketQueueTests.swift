import Support
import Testing

@testable import TicketLock

@Suite("The queue of one lock")
struct TicketQueueTests {
    private func ticket(_ number: TicketNumber, expires: Int64) -> Ticket {
        Ticket(
            number: number, token: FencingToken(number), issued: .start,
            expires: Instant(nanoseconds: expires),
            lifetimeOnceServed: nil, hasKey: false)
    }

    /// Looks at everything the queue tells and compares it with the array.
    private func check(_ queue: TicketQueue, _ model: [Ticket], _ comment: Comment) throws {
        try #require(queue.tickets == model, comment)
        try #require(queue.count == model.count && queue.isEmpty == model.isEmpty, comment)
        try #require(queue.first == model.first, comment)
        try #require(queue.earliest?.expires == model.map(\.expires).min(), comment)
        guard let first = model.first, let last = model.last else { return }
        try #require(queue[queue.headPlace] == first && queue[queue.lastPlace] == last, comment)
        if let earliest = queue.earliest {
            try #require(queue[earliest.place].expires == earliest.expires, comment)
        }
        for (position, ticket) in model.enumerated() {
            let place = try #require(queue.place(of: ticket.number), comment)
            try #require(queue[place] == ticket && queue.position(at: place) == position, comment)
        }
    }

    @Test(
        "A queue of any depth, with tickets leaving from any place, is as an array of tickets would be",
        arguments: SeededRandom.seeds(4), [4, TicketQueue.heapedCount, 150])
    func random(seed: UInt64, depth: Int) throws {
        var random = SeededRandom(seed: seed)
        var queue = TicketQueue()
        var model: [Ticket] = []
        var number: TicketNumber = 0
        for step in 0..<1_500 {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), \(depth) deep, step \(step)"
            // Fills up to the depth and drains to nothing by turns, so that every size is met in both ways.
            let fills = (step / (depth * 3)).isMultiple(of: 2)
            if model.isEmpty || (model.count < depth && random.chance(fills ? 0.7 : 0.2)) {
                let new = ticket(number, expires: random.expiry())
                number += 1
                queue.append(new)
                model.append(new)
            } else {
                let index = random.chance(0.3) ? 0 : Int.random(in: model.indices, using: &random)
                let place = try #require(queue.place(of: model[index].number), comment)
                switch Int.random(in: 0..<10, using: &random) {
                case 0, 1, 2:
                    let expires = Instant(nanoseconds: random.expiry())
                    queue.setExpiry(at: place, to: expires)
                    model[index].expires = expires
                case 3:
                    queue.watch(at: place)
                    model[index].isWatched = true
                default:
                    #expect(queue.remove(at: place) == model.remove(at: index), comment)
                }
            }
            if step.isMultiple(of: depth > 100 ? 10 : 1) { try check(queue, model, comment) }
            let absent = TicketNumber.random(in: -2...number + 2, using: &random)
            #expect((queue.place(of: absent) != nil) == model.contains { $0.number == absent }, comment)
        }
    }

    @Test("Only every hundredth of a thousand tickets is left, and each is still found in its place")
    func holes() throws {
        var queue = TicketQueue()
        var model: [Ticket] = []
        for number in 0..<1_000 as Range<TicketNumber> {
            queue.append(ticket(number, expires: 5_000 - number))
            if number % 100 == 7 { model.append(ticket(number, expires: 5_000 - number)) }
        }
        for number in 0..<1_000 as Range<TicketNumber> where number % 100 != 7 {
            queue.remove(at: try #require(queue.place(of: number)))
            #expect(queue.place(of: number) == nil)
        }
        try check(queue, model, "holes")
        queue.append(ticket(1_000, expires: 1))
        try check(queue, model + [ticket(1_000, expires: 1)], "after holes")
    }

    @Test(
        "How many stand ahead is known without counting them, however many there are and have left",
        .timeLimit(.minutes(1)), arguments: [1, 7])
    func positions(kept: Int) throws {
        let count = 100_000
        var queue = TicketQueue()
        for number in 0..<TicketNumber(count) { queue.append(ticket(number, expires: number)) }
        queue.remove(at: try #require(queue.place(of: 2)))
        for number in stride(from: 5, to: TicketNumber(count) - 1, by: kept + 1) {
            queue.remove(at: try #require(queue.place(of: number)))
        }
        for (position, ticket) in queue.tickets.enumerated() {
            let place = try #require(queue.place(of: ticket.number))
            guard queue.position(at: place) == position else {
                Issue.record("ticket \(ticket.number) is not at \(position)")
                return
            }
        }
    }

    @Test("A queue that is emptied starts anew", arguments: [1, TicketQueue.heapedCount, 300])
    func emptied(count: Int) throws {
        var queue = TicketQueue()
        for number in 0..<TicketNumber(count) { queue.append(ticket(number, expires: number)) }
        while !queue.isEmpty { queue.remove(at: queue.headPlace) }
        try check(queue, [], "emptied")
        #expect(queue.place(of: 0) == nil)
        let new = ticket(TicketNumber(count), expires: 3)
        queue.append(new)
        try check(queue, [new], "refilled")
    }

    @Test(
        "The earliest expiry is right just below, at and above the length that keeps a heap",
        arguments: [-1, 0, 1])
    func heapEdge(difference: Int) throws {
        var queue = TicketQueue()
        var model: [Ticket] = []
        for number in 0..<TicketNumber(TicketQueue.heapedCount + difference) {
            model.append(ticket(number, expires: 100 - number))
            queue.append(ticket(number, expires: 100 - number))
            try check(queue, model, "\(number)")
        }
        while let earliest = queue.earliest {
            #expect(queue.remove(at: earliest.place) == model.popLast())
        }
    }
}

extension SeededRandom {
    /// One of few, so that some tickets expire together.
    fileprivate mutating func expiry() -> Int64 { Int64.random(in: 1...60, using: &self) }
}
