import Testing

@testable import TicketLock

@Suite("Expiry")
struct ExpiryTests {
    let desk = Desk()

    @Test(
        "A ticket is gone from the moment its lifetime is over, not a nanosecond earlier",
        arguments: [(-1, true), (0, false), (1, false)], [1, 60_000_000_000] as [Int64])
    func edge(edge: (offset: Int64, lives: Bool), lifetime: Int64) throws {
        try desk.issue(lifetime: .nanoseconds(lifetime))
        desk.advance(.nanoseconds(lifetime + edge.offset))
        #expect(desk.numbers() == (edge.lives ? [0] : []))
        #expect(desk.waiting().isSomeoneWaiting == edge.lives)
    }

    @Test("Expired tickets go from whatever place", arguments: 0..<4 as Range<TicketNumber>)
    func anyPlace(number: TicketNumber) throws {
        for each in 0..<4 as Range<TicketNumber> {
            try desk.issue(lifetime: each == number ? .seconds(1) : .seconds(2))
        }
        desk.advance(.seconds(1))
        #expect(desk.numbers() == (0..<4).filter { $0 != number })
        #expect(desk.lock()?.nowServing == (number == 0 ? 1 : 0))
    }

    @Test("A waiter that has expired by its turn is passed over for the next that is alive")
    func expiredAtItsTurn() throws {
        try desk.issue(lifetime: .seconds(2))
        try desk.issue(lifetime: .seconds(2))
        try desk.issue(lifetime: .seconds(3))
        for number in 0..<3 as Range<TicketNumber> { desk.watch(number) }
        desk.advance(.seconds(2))
        desk.expire()
        #expect(desk.numbers() == [2])
        let served = try desk.status(2).get()
        #expect(desk.table.takeEvents().filter { $0 == .served(served) }.count == 1)
        #expect(desk.table.statistics.waitTimes.counts.reduce(0, +) == 2)
    }

    @Test("A waiter that expires at the very moment the head finishes is not served")
    func expiresAsTheHeadFinishes() throws {
        try desk.issue()
        let late = try desk.issue(lifetime: .seconds(2))
        desk.watch(1)
        desk.advance(.seconds(2))
        #expect(desk.finish(0) == .success(Finished(removed: true, nowServing: 0, isSomeoneWaiting: false)))
        #expect(desk.table.takeEvents() == [.ended(late.token, .expired)])
    }

    @Test("An expired ticket cannot be extended back to life")
    func noResurrection() throws {
        try desk.issue(lifetime: .seconds(1))
        desk.advance(.seconds(1))
        #expect(desk.extend(0, by: .seconds(9)) == .failure(.gone(.unknown)))
        #expect(desk.numbers() == [])
    }

    @Test("Extending counts the lifetime from now, and may shorten it", arguments: [10, 200, 1])
    func extend(seconds: Int64) throws {
        try desk.issue(2)
        desk.advance(.seconds(30))
        let expires = desk.now + .seconds(seconds)
        for number in [0, 1] as [TicketNumber] {
            #expect(try desk.extend(number, by: .seconds(seconds)).get().expires == expires)
        }
        desk.advance(.seconds(seconds) - Desk.nanosecond)
        #expect(desk.numbers() == [0, 1])
        desk.advance(Desk.nanosecond)
        #expect(desk.numbers() == [])
    }

    @Test("Extending the last nanosecond of a ticket keeps it")
    func extendAtTheEnd() throws {
        try desk.issue(lifetime: .seconds(5))
        desk.advance(.seconds(5) - Desk.nanosecond)
        #expect(try desk.extend(0, by: .seconds(5)).get().expires == desk.now + .seconds(5))
        desk.advance(Desk.nanosecond)
        #expect(desk.numbers() == [0])
    }

    @Test("The next deadline is the earliest expiry of all locks, and follows extending and finishing")
    func nextDeadline() throws {
        #expect(desk.table.nextDeadline == nil)
        try desk.issue("ada", lifetime: .seconds(30))
        try desk.issue("ada", lifetime: .seconds(20))
        try desk.issue("bob", lifetime: .seconds(25))
        #expect(desk.table.nextDeadline == .start + .seconds(20))
        _ = desk.extend(1, by: .seconds(40))
        #expect(desk.table.nextDeadline == .start + .seconds(25))
        desk.finish(0, for: "bob")
        #expect(desk.table.nextDeadline == .start + .seconds(30))
    }

    @Test("A storm of expiries is worked off some locks at a time, the earliest first")
    func limit() throws {
        for number in 1...5 { try desk.issue("c\(number)", lifetime: .seconds(number)) }
        desk.advance(.seconds(4))
        for (left, limit) in [(5, 0), (3, 2), (2, 1), (1, 9)] {
            desk.expire(limit: limit)
            #expect(desk.table.ticketCount == left)
            #expect(desk.table.nextDeadline.map { $0 <= desk.now } == (left > 1))
        }
    }
}
