import Testing

@testable import TicketLock

@Suite("Hand-over and events")
struct HandOverTests {
    /// A way for the head of the queue to go.
    enum Departure: CaseIterable {
        case finish, cleanup, withdraw, expiry, expiryNoticedByAnOperation, update
    }

    let desk = Desk()

    private func depart(_ departure: Departure, _ head: TicketStatus) {
        switch departure {
        case .finish: desk.finish(head.number)
        case .cleanup: desk.cleanUp(head.number)
        case .withdraw: desk.withdraw(head)
        case .expiry:
            desk.advance(.seconds(5))
            desk.expire()
        case .expiryNoticedByAnOperation:
            desk.advance(.seconds(5))
            _ = desk.waiting()
        case .update:
            desk.advance(.seconds(5))
            desk.table.update("ada", now: desk.now)
        }
    }

    @Test("When the head goes, the next is told in the same step", arguments: Departure.allCases)
    func immediate(departure: Departure) throws {
        let head = try desk.issue(lifetime: .seconds(5))
        try desk.issue(2)
        for number in [1, 2] as [TicketNumber] { desk.watch(number) }
        depart(departure, head)
        let next = try desk.status(1).get()
        #expect(!next.isLocked)
        #expect(next.nowServing == 1)
        #expect(desk.table.takeEvents() == [.served(next)])
        #expect(desk.table.takeEvents() == [])
    }

    @Test("A watched ticket's end is told with its reason", arguments: Departure.allCases)
    func ended(departure: Departure) throws {
        let head = try desk.issue(lifetime: .seconds(5))
        desk.watch(0)
        depart(departure, head)
        let reason: GoneReason = [.finish, .cleanup, .withdraw].contains(departure) ? .removed : .expired
        #expect(desk.table.takeEvents() == [.ended(head.token, reason)])
    }

    @Test("Deleting a lock tells every waiter of it, and nobody is served")
    func deletion() throws {
        let tickets = try desk.issue(3)
        for ticket in tickets { desk.watch(ticket.number) }
        let other = try desk.issue("bob")
        desk.watch(other.number, for: "bob")
        desk.delete()
        #expect(desk.table.takeEvents() == tickets.map { .ended($0.token, .lockDeleted) })
    }

    @Test("The end of one ticket is told before the next is served")
    func order() throws {
        let head = try desk.issue()
        try desk.issue()
        desk.watch(0)
        desk.watch(1)
        desk.finish(0)
        let next = try desk.status(1).get()
        #expect(desk.table.takeEvents() == [.ended(head.token, .removed), .served(next)])
    }

    @Test("A waiter whose ticket expired is told so at once, while others still wait")
    func expiredWaiter() throws {
        try desk.issue()
        let dead = try desk.issue(lifetime: .seconds(2))
        try desk.issue()
        for number in [1, 2] as [TicketNumber] { desk.watch(number) }
        #expect(desk.table.nextDeadline == .start + .seconds(2))
        desk.advance(.seconds(2))
        desk.expire()
        #expect(desk.table.takeEvents() == [.ended(dead.token, .expired)])
        #expect(desk.numbers() == [0, 2])
    }

    @Test(
        "A ticket that ends in the very step in which its turn comes is told its end, and is not served",
        arguments: ["finish", "cleanup", "withdraw", "delete"])
    func endedAtItsTurn(way: String) throws {
        try desk.issue(lifetime: .seconds(5))
        let tickets = try desk.issue(2)
        for ticket in tickets { desk.watch(ticket.number) }
        // The head has expired, and the operation is the first to notice.
        desk.advance(.seconds(5))
        switch way {
        case "finish": desk.finish(1)
        case "cleanup": desk.cleanUp(1)
        case "withdraw": desk.withdraw(tickets[0])
        default:
            desk.delete()
            #expect(desk.table.takeEvents() == tickets.map { .ended($0.token, .lockDeleted) })
            return
        }
        let next = try desk.status(2).get()
        #expect(desk.table.takeEvents() == [.ended(tickets[0].token, .removed), .served(next)])
    }

    @Test("A waiter that leaves wakes nobody")
    func leavingWakesNobody() throws {
        try desk.issue(4)
        desk.watch(2)
        desk.watch(3)
        desk.finish(1)
        #expect(desk.table.takeEvents() == [])
        #expect(try desk.status(2).get().position == 1)
    }

    @Test("Tickets that nobody watches cause no events")
    func unwatched() throws {
        try desk.issue(3)
        desk.finish(0)
        desk.delete()
        #expect(desk.table.takeEvents() == [])
    }

    @Test("Watching a ticket that is gone, or that is another conversation's, does nothing")
    func watchGone() throws {
        try desk.issue(2)
        try desk.issue("bob")
        desk.finish(1)
        for number in [1, 2] as [TicketNumber] { desk.watch(number) }
        desk.watch(1, for: "bob")
        desk.delete()
        desk.delete("bob")
        #expect(desk.table.takeEvents() == [])
    }

    @Test("Tickets are served in the order of their issue, whatever their lifetimes and kinds")
    func firstInFirstOut() throws {
        for index in 0..<12 {
            if index.isMultiple(of: 3) {
                try desk.acquire(lifetime: .seconds(12 - index), timeout: .seconds(40 - index))
            } else {
                try desk.issue(lifetime: .seconds(60 - index))
            }
        }
        var order: [TicketNumber] = []
        while let head = desk.numbers().first {
            order.append(head)
            desk.finish(head)
        }
        #expect(order == Array(0..<12))
    }

    @Test(
        "Only a ticket that is itself at the head is served: one that is gone is never, whatever its number")
    func neverByNumber() throws {
        try desk.issue(lifetime: .seconds(1))
        desk.advance(.seconds(1))
        #expect(desk.lock()?.nowServing == 0)
        #expect(desk.status(0) == .failure(.gone(.unknown)))
        try desk.issue()
        #expect(desk.status(0) == .failure(.gone(.unknown)))
        #expect(try !desk.status(1).get().isLocked)
    }
}
