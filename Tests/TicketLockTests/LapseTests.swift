import Testing

@testable import TicketLock

@Suite("Tickets that expire while they are served")
struct LapseTests {
    let desk = Desk()

    @Test("Each is told of once, with how long it was held; one that only waited is not")
    func told() throws {
        try desk.issue(lifetime: .seconds(2))
        try desk.issue(lifetime: .seconds(1))
        try desk.issue(lifetime: .seconds(5))
        desk.advance(.seconds(3))
        desk.expire()
        var lapses = desk.table.takeLapses()
        #expect(lapses?.first == [Lapse(conversationID: "ada", number: 0, held: .seconds(3))])
        lapses = desk.table.takeLapses()
        #expect(lapses == nil)
        desk.advance(.seconds(2))
        // An operation on the lock finds it as well.
        #expect(desk.numbers() == [])
        lapses = desk.table.takeLapses()
        #expect(lapses?.first == [Lapse(conversationID: "ada", number: 2, held: .seconds(2))])
    }

    @Test("One that was finished in time, withdrawn or deleted is not told of")
    func ended() throws {
        try desk.issue()
        _ = desk.finish(0)
        try desk.issue("bob")
        _ = desk.table.deleteLock(for: "bob", now: desk.now)
        let lapses = desk.table.takeLapses()
        #expect(lapses == nil)
    }

    @Test("Of a storm so many are kept, and the others counted", arguments: [-1, 0, 1])
    func storm(offset: Int) throws {
        let count = Lapses.countMax + offset
        for place in 0..<count { try desk.issue("\(place)", lifetime: .seconds(1)) }
        desk.advance(.seconds(1))
        desk.expire()
        let taken = desk.table.takeLapses()
        let lapses = try #require(taken)
        #expect(lapses.first.count == min(count, Lapses.countMax))
        #expect(lapses.moreCount == max(0, offset))
    }
}
