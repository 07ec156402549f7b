import Testing

@testable import TicketLock

@Suite("acquire")
struct AcquireTests {
    let desk = Desk()

    @Test("An acquire that finds the queue empty is served at once, its lifetime starting now")
    func servedAtOnce() throws {
        let status = try desk.acquire(lifetime: .seconds(7), timeout: .seconds(30))
        #expect(!status.isLocked)
        #expect(status.expires == .start + .seconds(7))
    }

    @Test(
        "While queued its ticket lives as long as its caller waits",
        arguments: [(-1, true), (0, false), (1, false)])
    func livesToItsTimeout(offset: Int64, lives: Bool) throws {
        try desk.issue()
        let status = try desk.acquire(lifetime: .seconds(1), timeout: .seconds(10))
        #expect(status.isLocked)
        #expect(status.expires == .start + .seconds(10))
        desk.advance(.seconds(10) + .nanoseconds(offset))
        #expect(desk.numbers() == (lives ? [0, 1] : [0]))
    }

    @Test("Its lifetime starts when it is served, however long it has waited", arguments: [1, 60] as [Int64])
    func lifetimeStartsWhenServed(lifetime: Int64) throws {
        try desk.issue()
        try desk.acquire(lifetime: .seconds(lifetime), timeout: .seconds(30))
        desk.watch(1)
        desk.advance(.seconds(30) - Desk.nanosecond)
        let served = desk.now
        desk.finish(0)
        let status = try desk.status(1).get()
        #expect(status.expires == served + .seconds(lifetime))
        #expect(desk.table.takeEvents() == [.served(status)])
        #expect(desk.table.nextDeadline == served + .seconds(lifetime))
        desk.advance(.seconds(lifetime) - Desk.nanosecond)
        #expect(desk.numbers() == [1])
        desk.advance(Desk.nanosecond)
        #expect(desk.numbers() == [])
    }

    @Test("Slow holders do not eat the lifetime of those behind them")
    func waitingCostsNothing() throws {
        for _ in 0..<4 { try desk.acquire(lifetime: .seconds(10), timeout: .seconds(100)) }
        for number in 0..<4 as Range<TicketNumber> {
            #expect(try desk.status(number).get().expires == desk.now + .seconds(10))
            desk.advance(.seconds(9))
            desk.finish(number)
        }
    }

    @Test("An issued ticket's lifetime goes on while it waits, as in Rasa")
    func issuedIsDifferent() throws {
        try desk.issue()
        try desk.issue(lifetime: .seconds(10))
        desk.advance(.seconds(4))
        desk.finish(0)
        #expect(try desk.status(1).get().expires == .start + .seconds(10))
    }

    @Test("A queue of dead holders hands over to each in turn, each with its own lifetime")
    func chainOfExpiries() throws {
        for _ in 0..<3 { try desk.acquire(lifetime: .seconds(2), timeout: .seconds(100)) }
        for number in 0..<3 as Range<TicketNumber> {
            #expect(desk.numbers().first == number)
            #expect(desk.table.nextDeadline == .start + .seconds(2 * (number + 1)))
            desk.advance(.seconds(2))
            desk.expire()
        }
        #expect(desk.numbers() == [])
    }

    @Test("An acquire withdrawn by its caller loses its place at once, and the next moves up")
    func withdrawn() throws {
        try desk.issue()
        let gone = try desk.acquire()
        try desk.acquire()
        desk.withdraw(gone)
        #expect(desk.status(1) == .failure(.gone(.unknown)))
        #expect(try desk.status(2).get().position == 1)
    }

    @Test("A grant that could not be delivered is withdrawn and handed on")
    func undelivered() throws {
        let undelivered = try desk.acquire()
        try desk.acquire()
        desk.watch(1)
        desk.withdraw(undelivered)
        #expect(desk.table.takeEvents() == [.served(try desk.status(1).get())])
    }

    @Test("Withdrawing with a token that is not the ticket's does nothing")
    func withdrawnOnce() throws {
        let ticket = try desk.acquire()
        desk.table.withdraw(ticket.number, token: ticket.token + 1, for: "ada", now: desk.now)
        #expect(desk.numbers() == [0])
    }

    @Test("A timeout of nothing takes a place that is gone the same moment, unless it is served")
    func noTimeout() throws {
        #expect(try !desk.acquire(timeout: .zero).isLocked)
        #expect(desk.numbers() == [0])
        #expect(try desk.acquire(timeout: .zero).isLocked)
        #expect(desk.numbers() == [0])
    }

    @Test("Extending an acquire that waits does not cut its waiting short")
    func extendedWhileWaiting() throws {
        try desk.issue()
        try desk.acquire(lifetime: .seconds(60), timeout: .seconds(30))
        #expect(try desk.extend(1, by: .seconds(10)).get().expires == .start + .seconds(30))
        #expect(try desk.extend(1, by: .seconds(40)).get().expires == .start + .seconds(40))
        desk.finish(0)
        #expect(try desk.extend(1, by: .seconds(10)).get().expires == .start + .seconds(10))
    }
}
