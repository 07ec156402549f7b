import Testing

@testable import TicketLock

@Suite("issue_ticket")
struct IssueTicketTests {
    let desk = Desk()

    @Test("The first ticket of a conversation is 0, and each next one a number higher")
    func numbers() throws {
        #expect(try desk.issue(5).map(\.number) == [0, 1, 2, 3, 4])
    }

    @Test("A ticket's expiry is its issue plus its lifetime", arguments: [1, 1_000, 3_600_000_000_000])
    func expiry(nanoseconds: Int64) throws {
        let status = try desk.issue(lifetime: .nanoseconds(nanoseconds))
        #expect(status.expires == Instant(nanoseconds: Instant.start.nanoseconds + nanoseconds))
    }

    @Test("Whether a ticket is locked and how many stand ahead of it is told at once")
    func status() throws {
        let statuses = try desk.issue(3)
        #expect(statuses.map(\.position) == [0, 1, 2])
        #expect(statuses.map(\.isLocked) == [false, true, true])
        #expect(statuses.map(\.nowServing) == [0, 0, 0])
    }

    @Test("Positions count tickets, not numbers: those who left the middle stand ahead of nobody")
    func positionAcrossGaps() throws {
        try desk.issue(5)
        desk.finish(1)
        desk.finish(3)
        #expect(try [0, 2, 4].map { try desk.status($0).get().position } == [0, 1, 2])
        #expect(try desk.issue().position == 3)
    }

    @Test("A ticket's number does not go down when the tail expires or is removed")
    func numbersGrowPastTheTail() throws {
        try desk.issue(2)
        try desk.issue(lifetime: .seconds(1))
        desk.advance(.seconds(1))
        #expect(try desk.issue().number == 3)
        desk.finish(3)
        #expect(try desk.issue().number == 4)
    }

    @Test("The queue that ran empty goes on where it was, not at 0")
    func numbersGrowPastEmptiness() throws {
        try desk.issue()
        desk.finish(0)
        let status = try desk.issue()
        #expect(status.number == 1)
        #expect(status.nowServing == 1)
        #expect(!status.isLocked)
    }

    @Test("Fencing tokens grow strictly within a conversation, also across deletion")
    func tokensGrow() throws {
        var tokens = try desk.issue(3).map(\.token)
        desk.delete()
        tokens += try desk.issue(2).map(\.token)
        desk.advance(desk.table.limits.numberRetention)
        desk.advance(desk.table.limits.numberRetention)
        desk.delete()
        desk.expire()
        tokens.append(try desk.issue().token)
        #expect(tokens == tokens.sorted())
        #expect(Set(tokens).count == tokens.count)
    }

    @Test("The first fencing token is the one the table was made with: a restart goes on above the old ones")
    func firstToken() throws {
        #expect(try Desk(firstToken: 9_000).issue(2).map(\.token) == [9_000, 9_001])
    }

    @Test("No two tickets of a store share a token, whichever conversation they are of")
    func tokensAreUnique() throws {
        let tokens = try (0..<6).map { try desk.issue($0.isMultiple(of: 2) ? "ada" : "bob").token }
        #expect(Set(tokens).count == 6)
    }

    @Test("Conversations do not see one another")
    func conversationsAreApart() throws {
        try desk.issue(3)
        let other = try desk.issue("bob")
        #expect(other.number == 0)
        #expect(!other.isLocked)
        #expect(desk.numbers() == [0, 1, 2])
    }

    @Test("Issuing creates the lock, reading does not")
    func creation() throws {
        #expect(desk.lock() == nil)
        #expect(!desk.waiting().isSomeoneWaiting)
        #expect(desk.table.lockCount == 0)
        try desk.issue()
        #expect(desk.table.lockCount == 1)
        #expect(desk.lock()?.lastIssued == 0)
    }
}
