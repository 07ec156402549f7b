import Testing

@testable import ticketlockd

@Suite("Logging: so many lines a second")
struct LogLimitTests {
    @Test("What is above the limit is counted, and told with the next line that is written")
    func counts() {
        var limit = LogLimit(perSecond: 2)
        #expect(limit.admit(now: 5) == 0)
        #expect(limit.admit(now: 6) == 0)
        #expect(limit.admit(now: 7) == nil)
        limit.leaveOut(3)
        #expect(limit.admit(now: 1_000_000_004) == nil)
        #expect(limit.admit(now: 1_000_000_005) == 5)
        #expect(limit.admit(now: 1_000_000_006) == 0)
        #expect(limit.admit(now: 1_000_000_007) == nil)
    }
}
