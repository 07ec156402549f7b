import Support
import Testing

@testable import TicketLock

@Suite("Random histories against the model")
struct RandomHistoryTests {
    /// What kind of histories: each has its own corners.
    enum Kind: String, CaseIterable {
        /// Queues far deeper than the length that keeps a heap.
        case deepQueues
        /// More conversations than locks, more deleted than are retained.
        case tightLimits
        /// Nobody works off expiries, so that operations meet them.
        case lateExpiry
        case shortRetention
    }

    @Test(
        "Every answer, event, count and deadline is the model's", arguments: SeededRandom.seeds(6),
        Kind.allCases)
    func history(seed: UInt64, kind: Kind) throws {
        var history = History(seed: seed, kind: kind)
        for step in 0..<3_000 {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), \(kind), step \(step)"
            let answers = history.step()
            try #require(answers.table == answers.model, comment)
            try history.compare(comment)
        }
        // The history has been where it was meant to go.
        let reached: Bool
        switch kind {
        case .deepQueues: reached = history.deepest > 5 * TicketQueue.heapedCount
        case .tightLimits: reached = history.refusals > 100
        case .lateExpiry, .shortRetention: reached = history.ends > 40
        }
        #expect(reached, "\(history.deepest) deep, \(history.refusals) refusals, \(history.ends) events")
    }
}
