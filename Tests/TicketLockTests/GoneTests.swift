import Testing

@testable import TicketLock

@Suite("Gone, never issued, and tokens")
struct GoneTests {
    let desk = Desk()

    /// A way for ticket 1 of three to be gone.
    enum Ending: CaseIterable {
        case finish, cleanup, withdraw, expiry, deletion, deletionAndNewLock
    }

    private func end(_ ending: Ending) throws {
        let tickets = try [60, 5, 60].map { try desk.issue(lifetime: .seconds($0)) }
        switch ending {
        case .finish: desk.finish(1)
        case .cleanup: desk.cleanUp(1)
        case .withdraw: desk.withdraw(tickets[1])
        case .expiry: desk.advance(.seconds(5))
        case .deletion: desk.delete()
        case .deletionAndNewLock:
            desk.delete()
            try desk.issue()
        }
    }

    @Test("A number that was issued and is no longer queued is gone, not unknown", arguments: Ending.allCases)
    func gone(ending: Ending) throws {
        try end(ending)
        #expect(desk.status(1) == .failure(.gone(.unknown)))
        #expect(desk.extend(1, by: .seconds(9)) == .failure(.gone(.unknown)))
    }

    @Test("A number above the last issued was never issued", arguments: Ending.allCases)
    func neverIssued(ending: Ending) throws {
        try end(ending)
        let next: TicketNumber = ending == .deletionAndNewLock ? 4 : 3
        for number in [next, next + 1, .max] {
            #expect(desk.status(number) == .failure(.neverIssued))
            #expect(desk.extend(number, by: .seconds(9)) == .failure(.neverIssued))
        }
    }

    @Test("A negative number was never issued, of no lock", arguments: [-1, -2, .min] as [TicketNumber])
    func negative(number: TicketNumber) throws {
        #expect(desk.status(number) == .failure(.neverIssued))
        desk.create()
        #expect(desk.status(number) == .failure(.neverIssued))
        try desk.issue()
        #expect(desk.status(number) == .failure(.neverIssued))
        desk.delete()
        #expect(desk.status(number) == .failure(.neverIssued))
    }

    @Test(
        "A token that does not match the ticket is refused, and nothing changes",
        arguments: [-1, 1] as [Int64])
    func mismatch(difference: Int64) throws {
        let ticket = try desk.issue()
        try desk.issue()
        let wrong = FencingToken(Int64(ticket.token) + difference)
        let before = desk.lock()
        #expect(desk.status(0, token: wrong) == .failure(.tokenMismatch))
        #expect(desk.extend(0, token: wrong, by: .seconds(99)) == .failure(.tokenMismatch))
        #expect(desk.finish(0, token: wrong) == .failure(.tokenMismatch))
        #expect(desk.cleanUp(0, token: wrong) == .failure(.tokenMismatch))
        #expect(desk.lock() == before)
    }

    @Test("The right token, and none, are accepted", arguments: [true, false])
    func match(given: Bool) throws {
        let tickets = try desk.issue(2)
        let tokens = tickets.map { given ? $0.token : nil }
        #expect(try desk.status(0, token: tokens[0]).get() == tickets[0])
        #expect(try desk.extend(0, token: tokens[0], by: .seconds(99)).get().number == 0)
        #expect(try desk.finish(0, token: tokens[0]).get().removed)
        #expect(try desk.cleanUp(1, token: tokens[1]).get().deleted)
    }

    @Test(
        "With a token, a holder of before the deletion cannot touch the ticket of after, even past retention")
    func tokenOutlivesRetention() throws {
        let old = try desk.issue()
        desk.delete()
        desk.advance(desk.table.limits.numberRetention)
        let new = try desk.issue()
        #expect(new.number == old.number)
        #expect(desk.finish(old.number, token: old.token) == .failure(.tokenMismatch))
        #expect(desk.cleanUp(old.number, token: old.token) == .failure(.tokenMismatch))
        #expect(desk.extend(old.number, token: old.token, by: .seconds(1)) == .failure(.tokenMismatch))
        #expect(desk.numbers() == [new.number])
    }

    @Test("The token of a ticket that is gone makes no difference")
    func tokenOfGone() throws {
        let ticket = try desk.issue()
        desk.finish(0)
        #expect(desk.status(0, token: ticket.token) == .failure(.gone(.unknown)))
        #expect(try !desk.finish(0, token: ticket.token).get().removed)
        #expect(try !desk.finish(0, token: ticket.token + 1).get().removed)
    }
}
