import Testing

@testable import ticketlockd

@Suite("Logging: so many lines a second")
struct LogLimitTests {
    @Test("What is above the limit is counted, until that is asked for")
    func counts() {
        var limit = LogLimit(perSecond: 2)
        #expect([5, 6, 7].map { limit.admit(now: $0) } == [true, true, false])
        #expect(limit.secondEnds == 1_000_000_005)
        limit.leaveOut(3)
        let next: [Int64] = [1_000_000_004, 1_000_000_005]
        #expect(next.map { limit.admit(now: $0) } == [false, true])
        let counts = [limit.takeLeftOut(), limit.takeLeftOut()]
        #expect(counts == [5, 0])
    }
}
