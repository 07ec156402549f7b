import Testing

@testable import TicketLock

@Suite("Limits and idle locks")
struct LimitTests {
    @Test("A queue takes max_tickets_per_lock tickets and refuses the next", arguments: [1, 2, 17, 100])
    func ticketsPerLock(maximum: Int) throws {
        let desk = Desk { $0.ticketsPerLockMax = maximum }
        try desk.issue(maximum)
        let before = desk.lock()
        #expect(desk.take(TicketRequest(lifetime: .seconds(1))) == .failure(.queueFull))
        let acquire = TicketRequest(kind: .acquire(until: desk.now + .seconds(1)), lifetime: .seconds(1))
        #expect(desk.take(acquire) == .failure(.queueFull))
        #expect(desk.lock() == before)
        #expect(try desk.issue("bob").number == 0)
    }

    @Test(
        "A full queue has room again when a ticket leaves from anywhere, or expires",
        arguments: [0, 1, 2, nil])
    func roomAgain(leaving: TicketNumber?) throws {
        let desk = Desk { $0.ticketsPerLockMax = 3 }
        for _ in 0..<3 { try desk.issue(lifetime: .seconds(5)) }
        if let leaving { desk.finish(leaving) } else { desk.advance(.seconds(5)) }
        #expect(try desk.issue().number == 3)
    }

    @Test("All queues together take max_tickets tickets and refuse the next", arguments: [1, 2, 17, 100])
    func tickets(maximum: Int) throws {
        let desk = Desk { $0.ticketsMax = maximum }
        for index in 0..<maximum - 1 { try desk.issue("c\(index / 3)", lifetime: .seconds(9)) }
        try desk.issue("last", lifetime: .seconds(5), key: "k")
        let before = desk.conversations()
        for id in ["last", "c0", "new"] as [ConversationID] {
            #expect(desk.take(TicketRequest(lifetime: .seconds(1)), for: id) == .failure(.tooManyTickets))
        }
        let acquire = TicketRequest(kind: .acquire(until: desk.now + .seconds(1)), lifetime: .seconds(1))
        #expect(desk.take(acquire, for: "new") == .failure(.tooManyTickets))
        #expect(desk.conversations() == before)
        #expect(desk.table.ticketCount == maximum)
        // A request sent again gets the ticket that it has got.
        #expect(try desk.issue("last", lifetime: .seconds(5), key: "k").number == 0)
        // One that has expired is none, noticed or not.
        desk.advance(.seconds(5) - Desk.nanosecond)
        #expect(desk.take(TicketRequest(lifetime: .seconds(1)), for: "new") == .failure(.tooManyTickets))
        desk.advance(Desk.nanosecond)
        #expect(try desk.issue("new").number == 0)
        #expect(desk.take(TicketRequest(lifetime: .seconds(1)), for: "new") == .failure(.tooManyTickets))
        _ = desk.finish(0, for: "new")
        #expect(try desk.issue("new").number == 1)
    }

    @Test("A smaller max_tickets drops none of those that are there")
    func fewerTickets() throws {
        let desk = Desk()
        try desk.issue(3)
        desk.table.limits.ticketsMax = 2
        #expect(desk.numbers() == [0, 1, 2])
        #expect(desk.take(TicketRequest(lifetime: .seconds(1))) == .failure(.tooManyTickets))
        desk.finish(0)
        #expect(desk.take(TicketRequest(lifetime: .seconds(1))) == .failure(.tooManyTickets))
        desk.finish(1)
        #expect(try desk.issue().number == 3)
    }

    @Test("There are max_locks locks with tickets, and the next is refused", arguments: [1, 2, 5])
    func locks(maximum: Int) throws {
        let desk = Desk { $0.locksMax = maximum }
        for index in 0..<maximum { try desk.issue("c\(index)") }
        let request = TicketRequest(lifetime: .seconds(1))
        #expect(desk.take(request, for: "new") == .failure(.tooManyLocks))
        #expect(throws: Refusal.tooManyLocks) { try desk.create("new").get() }
        #expect(desk.table.lockCount == maximum)
        #expect(desk.lock("new") == nil)
        // A lock that exists takes tickets all the same.
        #expect(try desk.issue("c0").number == 1)
        desk.delete("c0")
        #expect(try desk.issue("new").number == 0)
    }

    @Test("For a new lock the longest-idle empty lock goes, never one with tickets")
    func longestIdleGoes() throws {
        let desk = Desk { $0.locksMax = 4 }
        try desk.issue("held")
        for id in ["c1", "c2", "c3"] as [ConversationID] { desk.create(id) }
        // Reading a lock counts as touching it.
        _ = desk.lock("c1")
        try desk.issue("n1")
        #expect(Set(desk.conversations()) == ["held", "c1", "c3", "n1"])
        try desk.issue("n2")
        #expect(Set(desk.conversations()) == ["held", "c1", "n1", "n2"])
        try desk.issue("n3")
        #expect(Set(desk.conversations()) == ["held", "n1", "n2", "n3"])
        #expect(desk.take(TicketRequest(lifetime: .seconds(1)), for: "n4") == .failure(.tooManyLocks))
    }

    @Test("A lock whose tickets have expired, noticed or not, makes room", arguments: [false, true])
    func expiredMakesRoom(noticed: Bool) throws {
        let desk = Desk { $0.locksMax = 2 }
        try desk.issue("c1", lifetime: .seconds(5))
        try desk.issue("c1", lifetime: .seconds(4))
        try desk.issue("c2", lifetime: .seconds(6))
        desk.advance(.seconds(5) - Desk.nanosecond)
        #expect(desk.take(TicketRequest(lifetime: .seconds(1)), for: "new") == .failure(.tooManyLocks))
        desk.advance(Desk.nanosecond)
        if noticed { desk.expire() }
        #expect(try desk.issue("new").number == 0)
        #expect(desk.conversations() == ["new", "c2"])
    }

    @Test("Getting a lock that exists makes no room for it")
    func existingNeedsNoRoom() throws {
        let desk = Desk { $0.locksMax = 2 }
        desk.create("c1")
        desk.create("c2")
        #expect(try !desk.create("c2").get().created)
        #expect(desk.conversations() == ["c1", "c2"])
    }

    @Test(
        "An empty lock that nobody touched for number_retention deletes itself",
        arguments: [(-1, true), (0, false), (1, false)])
    func idleness(offset: Int64, exists: Bool) throws {
        let desk = Desk { $0.numberRetention = .seconds(100) }
        try desk.issue()
        desk.advance(.seconds(10))
        desk.finish(0)
        #expect(desk.table.nextDeadline == .start + .seconds(110))
        desk.advance(.seconds(100) + .nanoseconds(offset))
        desk.expire()
        #expect(desk.table.lockCount == (exists ? 1 : 0))
        #expect(desk.table.nextDeadline == (exists ? .start + .seconds(110) : nil))
    }

    @Test("Naming a lock in any operation counts as touching it", arguments: 0..<9)
    func touching(operation: Int) throws {
        let desk = Desk { $0.numberRetention = .seconds(100) }
        desk.create()
        desk.advance(.seconds(60))
        switch operation {
        case 0: _ = desk.lock()
        case 1: _ = desk.waiting()
        case 2: _ = desk.status(0)
        case 3: desk.finish(0)
        case 4: desk.create()
        case 5: _ = desk.extend(0, by: .seconds(1))
        case 6: desk.table.update("ada", now: desk.now)
        case 7: desk.table.withdraw(0, token: 0, for: "ada", now: desk.now)
        default: desk.finish(try desk.issue().number)
        }
        #expect(desk.table.nextDeadline == .start + .seconds(160))
    }

    @Test("Listing a lock, and touching another, do not count as touching it")
    func notTouching() throws {
        let desk = Desk { $0.numberRetention = .seconds(100) }
        desk.create("ada")
        desk.create("bob")
        desk.advance(.seconds(60))
        _ = desk.conversations()
        _ = desk.lock("bob")
        #expect(desk.table.nextDeadline == .start + .seconds(100))
        desk.advance(.seconds(40))
        desk.expire()
        #expect(desk.conversations() == ["bob"])
    }

    @Test("Idle locks delete themselves some at a time, the longest idle first")
    func idleLimit() throws {
        let desk = Desk { $0.numberRetention = .seconds(100) }
        for id in ["c1", "c2", "c3"] as [ConversationID] { desk.create(id) }
        _ = desk.lock("c1")
        desk.advance(.seconds(100))
        desk.expire(limit: 2)
        #expect(desk.conversations() == ["c1"])
    }

    @Test("A lock with tickets never deletes itself, however long nobody touched it")
    func heldLocksStay() throws {
        let desk = Desk { $0.numberRetention = .seconds(100) }
        try desk.issue(lifetime: .seconds(1_000))
        desk.advance(.seconds(999))
        desk.expire()
        #expect(desk.table.lockCount == 1)
        #expect(desk.table.nextDeadline == .start + .seconds(1_000))
    }
}
