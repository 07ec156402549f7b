import HistoryChecker
import Support
import Testing
import TicketLock

@Suite("The history checker: histories of the real rules")
struct RulesPlayTests {
    private func findings(_ seed: UInt64, _ wrong: RulesPlay.Wrong) throws -> [Finding] {
        var play = RulesPlay(seed: seed, wrong: wrong)
        try play.run(requests: 1500)
        var options = HistoryOptions()
        options.answerBound = .milliseconds(130)
        options.handOverBound = .milliseconds(130)
        options.clockTolerance = .zero
        var checker = HistoryChecker(options)
        for (event, moment) in zip(play.events, play.moments) { try checker.take(event, at: moment) }
        checker.end()
        return checker.findings
    }

    @Test(
        "A history of the real rules is right, however requests and answers cross",
        arguments: SeededRandom.seeds(20))
    func right(seed: UInt64) throws {
        let found = try findings(seed, .nothing)
        #expect(found == [], "\(TestEnvironment.seedName)=\(seed)")
    }

    @Test("What the rules are made to do wrong now and then is found", arguments: RulesPlay.Wrong.allCases)
    func wrong(_ wrong: RulesPlay.Wrong) throws {
        guard wrong != .nothing else { return }
        let found = try (1...6).map { try findings($0, wrong) }
        let count = found.count { !$0.isEmpty }
        #expect(count >= 3, "found in \(count) of 6 runs")
    }
}
