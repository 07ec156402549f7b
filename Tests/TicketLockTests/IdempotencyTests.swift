import Testing

@testable import TicketLock

@Suite("Idempotency-Key")
struct IdempotencyTests {
    let desk = Desk()

    @Test("A repeated request gets the first one's ticket, as it is now")
    func repeated() throws {
        try desk.issue()
        let first = try desk.issue(key: "k")
        desk.finish(0)
        let second = try desk.issue(key: "k")
        #expect(second.number == first.number)
        #expect(second.token == first.token)
        #expect(second.expires == first.expires)
        #expect(first.isLocked)
        #expect(!second.isLocked)
        #expect(desk.numbers() == [1])
        #expect(desk.table.statistics.issued == 2)
    }

    @Test("Without a key, and with another key, every request gets a ticket of its own")
    func distinct() throws {
        for key in [nil, nil, "k", "K", "kk"] as [IdempotencyKey?] { try desk.issue(key: key) }
        #expect(desk.numbers() == [0, 1, 2, 3, 4])
    }

    @Test("A key means something within one conversation only")
    func perConversation() throws {
        try desk.issue(key: "k")
        try desk.issue("bob", key: "k")
        #expect(desk.table.ticketCount == 2)
        #expect(desk.table.idempotencyKeyCount == 2)
    }

    @Test("A key used again with another request is refused, and nothing changes")
    func anotherRequest() throws {
        try desk.issue(lifetime: .seconds(60), key: "issued")
        try desk.acquire(lifetime: .seconds(60), key: "acquired")
        let before = desk.lock()
        let until = desk.now + .seconds(30)
        let others: [TicketRequest] = [
            TicketRequest(lifetime: .seconds(61), key: "issued"),
            TicketRequest(kind: .acquire(until: until), lifetime: .seconds(60), key: "issued"),
            TicketRequest(kind: .acquire(until: until), lifetime: .seconds(59), key: "acquired"),
            TicketRequest(lifetime: .seconds(60), key: "acquired"),
        ]
        for other in others { #expect(desk.take(other) == .failure(.idempotencyKeyReused)) }
        #expect(desk.lock() == before)
    }

    /// A way for a ticket to end.
    enum Ending: CaseIterable {
        case finish, cleanup, withdraw, expiry, deletion
    }

    @Test("Once its ticket is gone, however, a key gets a new one", arguments: Ending.allCases)
    func afterTheEnd(ending: Ending) throws {
        let first = try desk.issue(lifetime: .seconds(5), key: "k")
        switch ending {
        case .finish: desk.finish(0)
        case .cleanup: desk.cleanUp(0)
        case .withdraw: desk.withdraw(first)
        case .expiry: desk.advance(.seconds(5))
        case .deletion: desk.delete()
        }
        // Another lifetime is no conflict with a ticket that is gone.
        let second = try desk.issue(lifetime: .seconds(6), key: "k")
        #expect(second.number == 1)
        #expect(second.token > first.token)
        #expect(desk.numbers() == [1])
        #expect(desk.table.idempotencyKeyCount == 1)
    }

    @Test(
        "A key lives exactly as long as its ticket",
        arguments: [(-1, 0), (0, 1), (1, 1)] as [(Int64, TicketNumber)])
    func edge(offset: Int64, number: TicketNumber) throws {
        try desk.issue(lifetime: .seconds(5), key: "k")
        desk.advance(.seconds(5) + .nanoseconds(offset))
        #expect(try desk.issue(lifetime: .seconds(5), key: "k").number == number)
    }

    @Test("Extending a ticket keeps its key alive with it")
    func extended() throws {
        try desk.issue(lifetime: .seconds(5), key: "k")
        _ = desk.extend(0, by: .seconds(20))
        desk.advance(.seconds(19))
        #expect(try desk.issue(lifetime: .seconds(5), key: "k").number == 0)
    }

    @Test("Keys are forgotten with their tickets, so they cannot outnumber them")
    func nothingLeaks() throws {
        for number in 0..<40 as Range<TicketNumber> {
            try desk.issue(lifetime: .seconds(number.isMultiple(of: 2) ? 1 : 9), key: "k\(number)")
        }
        #expect(desk.table.idempotencyKeyCount == 40)
        desk.advance(.seconds(1))
        desk.expire()
        #expect(desk.table.idempotencyKeyCount == 20)
        desk.finish(1)
        #expect(desk.table.idempotencyKeyCount == 19)
        desk.delete()
        #expect(desk.table.idempotencyKeyCount == 0)
    }

    @Test("A repeated acquire that still waits lives as long as the later caller waits, never shorter")
    func repeatedAcquire() throws {
        try desk.issue()
        let first = try desk.acquire(timeout: .seconds(10), key: "k")
        desk.advance(.seconds(4))
        #expect(try desk.acquire(timeout: .seconds(10), key: "k").expires == .start + .seconds(14))
        #expect(try desk.acquire(timeout: .seconds(5), key: "k").expires == .start + .seconds(14))
        #expect(desk.table.nextDeadline == .start + .seconds(14))
        #expect(try desk.acquire(timeout: .seconds(5), key: "k").token == first.token)
    }

    @Test("A repeated acquire that is served already gains no lifetime")
    func repeatedWhenServed() throws {
        try desk.acquire(lifetime: .seconds(10), timeout: .seconds(30), key: "k")
        desk.advance(.seconds(4))
        let again = try desk.acquire(lifetime: .seconds(10), timeout: .seconds(300), key: "k")
        #expect(again.expires == .start + .seconds(10))
    }

    @Test("A repeated request is answered even when the queue is full")
    func fullQueue() throws {
        let desk = Desk { $0.ticketsPerLockMax = 1 }
        try desk.issue(key: "k")
        #expect(try desk.issue(key: "k").number == 0)
        #expect(desk.take(TicketRequest(lifetime: .seconds(1), key: "l")) == .failure(.queueFull))
    }

    @Test(
        "A ticket stays while any of the requests with its key has it: one of them may be working already",
        arguments: [1, 2, 3, 7])
    func manyCallers(count: Int) throws {
        let ticket = try desk.acquire(key: "k")
        for _ in 1..<count { try desk.acquire(key: "k") }
        for _ in 1..<count {
            desk.withdraw(ticket)
            #expect(desk.numbers() == [0])
        }
        desk.withdraw(ticket)
        #expect(desk.numbers().isEmpty)
        #expect(desk.table.idempotencyKeyCount == 0)
    }
}
