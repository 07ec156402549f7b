import Foundation
import HistoryChecker
import Support
import Synchronization
import Testing

/// Clients that take turns at daemons while something fails, and what they were told.
struct ChaosRun {
    static let conversations = (0..<6).map { "conversation \($0)" }

    /// The length of a run; `make test-chaos` asks for two minutes.
    static var seconds: Double { Double(TestEnvironment.number(TestEnvironment.chaosName) ?? 15) }

    let daemons: [ChaosDaemon]
    let clientCount: Int
    private let isKeyless: Bool
    let seed: UInt64
    /// What clients are told. A fault that excuses something is noted here before it begins.
    let history: RecordedHistory
    private let deadline = ChaosClient.now + seconds

    /// - Parameters:
    ///   - isKeyless: see ``ChaosClient/isKeyless``.
    ///   - handOverBound: how long a conversation may stand still while somebody waits for it.
    init(
        _ daemons: [ChaosDaemon], clientCount: Int, isKeyless: Bool = false,
        handOverBound: Duration = .seconds(7)
    ) async throws {
        self.daemons = daemons
        self.clientCount = clientCount
        self.isKeyless = isKeyless
        seed = TestEnvironment.number(TestEnvironment.seedName) ?? .random(in: 1_000...9_999_999)
        var options = HistoryOptions()
        // Daemons die and Redis pauses again and again.
        options.answerBound = .seconds(7)
        options.handOverBound = handOverBound
        options.clockTolerance = .milliseconds(50)
        history = try RecordedHistory("chaos-\(seed)-\(daemons[0].port)", options)
        print("Chaos: seed \(seed), \(Self.seconds) s")
        for daemon in daemons {
            try daemon.start()
            try #require(try await daemon.serves(), "\(daemon.text)")
        }
    }

    /// Lets the clients take turns, and something fail again and again until shortly before the end. Then every
    /// daemon must end in order.
    func play(_ fail: (inout SeededRandom) async throws -> Void) async throws {
        let left = Atomic(clientCount)
        for name in 0..<clientCount {
            // Clients block, so each has a thread.
            let thread = Thread { [self] in
                var client = ChaosClient(
                    name: name, ports: daemons.map(\.port), conversations: Self.conversations,
                    isKeyless: isKeyless, random: SeededRandom(seed: seed &+ UInt64(name)), history: history)
                client.run(until: deadline)
                left.subtract(1, ordering: .acquiringAndReleasing)
            }
            thread.start()
        }
        var random = SeededRandom(seed: seed &- 1)
        while ChaosClient.now < deadline - 3 {
            try await Self.pause(0.5..<3, &random)
            try await fail(&random)
        }
        let haveEnded = try await eventually(within: .seconds(60)) { left.load(ordering: .acquiring) == 0 }
        try #require(haveEnded, "\(left.load(ordering: .acquiring)) clients have not ended")
        try check()
        for daemon in daemons { #expect(try await daemon.stop() == .status(0)) }
    }

    static func pause(_ range: Range<Double>, _ random: inout SeededRandom) async throws {
        try await Task.sleep(for: .seconds(Double.random(in: range, using: &random)))
    }

    private func check() throws {
        let (turns, requests) = (history.turnCount, history.requestCount)
        print("Chaos: \(requests) requests, \(turns) turns")
        // Else little was tested.
        #expect(turns > Int(Self.seconds) * 10)
        #expect(history.servedCount == Self.conversations.count)
        try history.judge("seed \(seed)")
    }
}
