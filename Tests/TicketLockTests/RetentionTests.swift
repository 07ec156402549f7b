import Testing

@testable import TicketLock

@Suite("A number is never given out twice while anyone could still send it")
struct RetentionTests {
    let desk = Desk { limits in
        limits.numberRetention = .seconds(100)
        limits.retainedNumbersMax = 3
    }

    @Test(
        "A deleted lock's next number is retained for number_retention, not a nanosecond longer",
        arguments: [(-1, 3), (0, 0), (1, 0)] as [(Int64, TicketNumber)])
    func edge(offset: Int64, next: TicketNumber) throws {
        try desk.issue(3)
        desk.delete()
        desk.advance(.seconds(100) + .nanoseconds(offset))
        #expect(desk.status(2) == .failure(next == 0 ? .neverIssued : .gone(.unknown)))
        #expect(desk.status(3) == .failure(.neverIssued))
        #expect(try desk.issue().number == next)
    }

    @Test(
        "However a lock is deleted, its numbers go on", arguments: ["cleanup", "delete", "idleness", "room"])
    func everyWay(way: String) throws {
        try desk.issue(2)
        desk.finish(0)
        desk.finish(1)
        switch way {
        case "cleanup": desk.cleanUp()
        case "delete": desk.delete()
        case "idleness":
            desk.advance(.seconds(100))
            desk.expire()
        default:
            desk.table.limits.locksMax = 1
            desk.create("bob")
            desk.delete("bob")
        }
        #expect(desk.table.lockCount == 0)
        #expect(try desk.issue().number == 2)
    }

    @Test("Retention counts anew from every deletion, and never goes back")
    func countsAnew() throws {
        try desk.issue(2)
        desk.delete()
        desk.advance(.seconds(99))
        desk.create()
        desk.delete()
        desk.advance(.seconds(99))
        #expect(try desk.issue().number == 2)
        desk.delete()
        desk.advance(.seconds(99))
        #expect(try desk.issue().number == 3)
    }

    @Test("A lock that goes on with old numbers knows the old ones as gone")
    func lastIssuedGoesOn() throws {
        try desk.issue(2)
        desk.delete()
        let lock = try desk.create().get().lock
        #expect(lock.lastIssued == 1)
        #expect(desk.status(1) == .failure(.gone(.unknown)))
    }

    @Test("A lock outlives the retention of its numbers: they go on as long as it exists")
    func lockOutlivesRetention() throws {
        try desk.issue()
        desk.delete()
        for number in 1...4 as ClosedRange<TicketNumber> {
            #expect(try desk.issue(lifetime: .seconds(99)).number == number)
            desk.advance(.seconds(99))
            desk.expire()
        }
    }

    @Test("A lock that issued nothing leaves nothing to retain")
    func nothingIssued() {
        desk.create()
        desk.delete()
        #expect(desk.table.retainedNumberCount == 0)
    }

    @Test(
        "Over max_retained_numbers the oldest is forgotten first",
        arguments: [(2, 1), (3, 1), (4, 0), (5, 0)])
    func maximum(conversations: Int, next: TicketNumber) throws {
        for index in 1...conversations {
            try desk.issue("c\(index)")
            desk.delete("c\(index)")
            desk.advance(.seconds(1))
        }
        #expect(desk.table.retainedNumberCount == min(conversations, 3))
        #expect(try desk.issue("c1").number == next)
        #expect(try desk.issue("c\(conversations)").number == 1)
    }

    @Test("A smaller max_retained_numbers forgets the oldest in steps, without being asked")
    func smallerMaximum() throws {
        let desk = Desk { $0.retainedNumbersMax = 100 }
        for index in 1...100 {
            try desk.issue("c\(index)")
            desk.delete("c\(index)")
        }
        #expect(desk.table.nextDeadline == nil)
        desk.table.limits.retainedNumbersMax = 10
        // An operation that remembers one more does not forget all that are too many.
        try desk.issue("new")
        desk.delete("new")
        #expect(desk.table.retainedNumberCount >= 99)
        for step in 1...3 {
            #expect(desk.table.nextDeadline.map { $0 <= desk.now } == true)
            let before = desk.table.retainedNumberCount
            desk.table.expire(now: desk.now, limit: 20)
            #expect(desk.table.retainedNumberCount == before - 20, "step \(step)")
        }
        desk.table.expire(now: desk.now, limit: 1_000)
        #expect(desk.table.retainedNumberCount == 10)
        #expect(desk.table.nextDeadline == nil)
        #expect(try desk.issue("c91").number == 0)
        #expect(try desk.issue("c92").number == 1)
        #expect(try desk.issue("new").number == 1)
    }

    @Test("Deleted again, a conversation is the last to be forgotten")
    func deletedAgain() throws {
        for id in ["c1", "c2", "c3", "c1", "c4"] as [ConversationID] {
            try desk.issue(id)
            desk.delete(id)
        }
        #expect(try desk.issue("c1").number == 2)
        #expect(try desk.issue("c2").number == 0)
        #expect(try desk.issue("c3").number == 1)
    }

    @Test("Making room for a conversation does not forget that conversation's own number")
    func roomForItself() throws {
        desk.table.limits.locksMax = 3
        desk.table.limits.retainedNumbersMax = 1
        try desk.issue(4)
        desk.delete()
        for id in ["c1", "c2", "c3"] as [ConversationID] {
            try desk.issue(id)
            desk.finish(0, for: id)
        }
        #expect(try desk.issue().number == 4)
    }

    @Test("Numbers whose time has passed make room by themselves")
    func expiredNumbers() throws {
        let desk = Desk { $0.numberRetention = .seconds(100) }
        for index in 1...50 {
            try desk.issue("old\(index)")
            desk.delete("old\(index)")
        }
        desk.advance(.seconds(100))
        for index in 1...50 {
            try desk.issue("new\(index)")
            desk.delete("new\(index)")
        }
        #expect(desk.table.retainedNumberCount == 50)
    }
}
