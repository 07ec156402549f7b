import Testing

@testable import TicketLock

@Suite("finish_serving and cleanup")
struct FinishTests {
    let desk = Desk()

    @Test("A ticket is removed at whatever place it stands", arguments: 0..<5 as Range<TicketNumber>)
    func anyPlace(number: TicketNumber) throws {
        try desk.issue(5)
        let head: TicketNumber = number == 0 ? 1 : 0
        #expect(
            desk.finish(number) == .success(Finished(removed: true, nowServing: head, isSomeoneWaiting: true))
        )
        #expect(desk.numbers() == (0..<5).filter { $0 != number })
    }

    @Test("Finishing an unknown number changes nothing", arguments: [0, 4, 99, .max] as [TicketNumber])
    func unknownNumber(number: TicketNumber) throws {
        try desk.issue(4)
        desk.finish(0)
        let before = desk.lock()
        #expect(
            desk.finish(number) == .success(Finished(removed: false, nowServing: 1, isSomeoneWaiting: true)))
        #expect(desk.lock() == before)
    }

    @Test("The lock that finishing left empty stays readable")
    func emptyStays() throws {
        try desk.issue()
        #expect(desk.finish(0) == .success(Finished(removed: true, nowServing: 0, isSomeoneWaiting: false)))
        #expect(desk.lock()?.tickets == [])
        #expect(desk.lock()?.lastIssued == 0)
    }

    @Test("Cleanup of the last ticket deletes the lock in the same step")
    func cleanupDeletes() throws {
        try desk.issue()
        #expect(desk.cleanUp(0) == .success(CleanedUp(removed: true, deleted: true, isSomeoneWaiting: false)))
        #expect(desk.lock() == nil)
    }

    @Test("Cleanup with others queued takes only its own ticket")
    func cleanupKeepsOthers() throws {
        try desk.issue(3)
        #expect(desk.cleanUp(1) == .success(CleanedUp(removed: true, deleted: false, isSomeoneWaiting: true)))
        #expect(desk.numbers() == [0, 2])
    }

    @Test("Cleanup without a ticket deletes an empty lock and leaves a queue alone")
    func cleanupWithoutTicket() throws {
        desk.create()
        #expect(desk.cleanUp() == .success(CleanedUp(removed: false, deleted: true, isSomeoneWaiting: false)))
        try desk.issue()
        #expect(desk.cleanUp() == .success(CleanedUp(removed: false, deleted: false, isSomeoneWaiting: true)))
        #expect(desk.numbers() == [0])
    }

    @Test("Cleanup of a ticket that is gone still deletes the lock if its queue is empty")
    func cleanupOfGone() throws {
        try desk.issue()
        desk.finish(0)
        #expect(
            desk.cleanUp(0) == .success(CleanedUp(removed: false, deleted: true, isSomeoneWaiting: false)))
    }

    @Test("Cleanup after the last ticket has expired deletes the lock")
    func cleanupOfExpired() throws {
        try desk.issue(lifetime: .seconds(1))
        desk.advance(.seconds(1))
        #expect(
            desk.cleanUp(0) == .success(CleanedUp(removed: false, deleted: true, isSomeoneWaiting: false)))
    }

    @Test("Cleanup cannot drop a ticket that was issued in between")
    func issuedInBetween() throws {
        try desk.issue()
        desk.finish(0)
        try desk.issue()
        #expect(
            desk.cleanUp(0) == .success(CleanedUp(removed: false, deleted: false, isSomeoneWaiting: true)))
        #expect(desk.numbers() == [1])
    }

    @Test("A late or repeated cleanup does not remove another's ticket", arguments: [false, true])
    func lateCleanup(expired: Bool) throws {
        let late = try desk.issue(lifetime: .seconds(1))
        if expired { desk.advance(.seconds(1)) } else { desk.cleanUp(late.number) }
        let next = try desk.issue()
        #expect(next.number != late.number)
        #expect(
            desk.cleanUp(late.number)
                == .success(
                    CleanedUp(removed: false, deleted: false, isSomeoneWaiting: true)))
        #expect(desk.numbers() == [next.number])
    }

    @Test("Withdrawing removes the ticket and leaves the empty lock readable")
    func withdraw() throws {
        let tickets = try desk.issue(2)
        desk.withdraw(tickets[1])
        #expect(desk.numbers() == [0])
        desk.withdraw(tickets[0])
        #expect(desk.lock()?.tickets == [])
    }

    @Test("Deleting a lock drops all its tickets, and says whether there was a lock")
    func delete() throws {
        try desk.issue(3)
        #expect(desk.delete())
        #expect(desk.lock() == nil)
        #expect(desk.table.ticketCount == 0)
        #expect(!desk.delete())
    }
}
