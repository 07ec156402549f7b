import Testing

@testable import TicketLock

@Suite("Statistics")
struct StatisticsTests {
    let desk = Desk()

    @Test("Each ticket is counted once when issued and once by how it ended")
    func endings() throws {
        try desk.issue(lifetime: .seconds(5))  // Expires while held.
        try desk.issue(lifetime: .seconds(5))  // Expires while waiting.
        try desk.acquire(timeout: .seconds(5))  // Times out.
        desk.advance(.seconds(5))
        desk.expire()
        let tickets = try desk.issue(6)
        desk.finish(tickets[0].number)
        desk.cleanUp(tickets[1].number)
        desk.withdraw(tickets[3])
        desk.withdraw(tickets[2])
        desk.delete()
        let statistics = desk.table.statistics
        #expect(statistics.issued == 9)
        #expect(statistics.finished == 2)
        #expect(statistics.expiredHeld == 1)
        #expect(statistics.expiredWaiting == 1)
        #expect(statistics.withdrawn == 3)
        #expect(statistics.deleted == 2)
        #expect(desk.table.ticketCount == 0)
    }

    @Test("An operation that changes nothing counts nothing")
    func nothing() throws {
        try desk.issue()
        let token = try desk.status(0).get().token
        desk.finish(0, token: token + 1)
        desk.finish(7)
        desk.cleanUp(7)
        #expect(desk.table.statistics.finished == 0)
        #expect(desk.table.ticketCount == 1)
    }

    @Test("Waits are measured from issue to being served, holds from there to the end")
    func times() throws {
        try desk.issue(2)
        desk.advance(.seconds(3))
        desk.finish(0)
        desk.advance(.seconds(4))
        desk.finish(1)
        let statistics = desk.table.statistics
        #expect(statistics.waitTimes.counts.reduce(0, +) == 2)
        #expect(statistics.waitTimes.totalNanoseconds == 3_000_000_000)
        #expect(statistics.holdTimes.counts.reduce(0, +) == 2)
        #expect(statistics.holdTimes.totalNanoseconds == 7_000_000_000)
    }

    @Test("A ticket that was never served has neither been waited nor held to the end")
    func neverServed() throws {
        try desk.issue(3)
        desk.finish(1)
        desk.delete()
        #expect(desk.table.statistics.waitTimes.counts.reduce(0, +) == 1)
        #expect(desk.table.statistics.holdTimes.counts.reduce(0, +) == 1)
    }

    @Test("The sum of very many long spans has room")
    func sum() {
        var histogram = Histogram(bounds: [])
        for _ in 0..<3 { histogram.record(nanoseconds: .max) }
        #expect(histogram.totalNanoseconds == 3 * Int128(Int64.max))
    }

    @Test(
        "A span at a bucket's bound belongs to the bucket",
        arguments: [(0, 0), (9, 0), (10, 0), (11, 1), (20, 1), (21, 2), (.max, 2)] as [(Int64, Int)])
    func bounds(nanoseconds: Int64, bucket: Int) {
        var histogram = Histogram(bounds: [.nanoseconds(10), .nanoseconds(20)])
        histogram.record(nanoseconds: nanoseconds)
        #expect(histogram.counts == (0..<3).map { $0 == bucket ? 1 : 0 })
        #expect(histogram.totalNanoseconds == nanoseconds)
    }
}
