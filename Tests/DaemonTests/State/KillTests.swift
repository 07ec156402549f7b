import Foundation
import Glibc
import HistoryChecker
import Support
import Testing
import TicketLock

extension DaemonSuite {
    @Suite("Killed under load", .timeLimit(.minutes(30)))
    struct Killed {
        /// As many as wished; enough for every run of the suite otherwise.
        static let kills = TestEnvironment.number(TestEnvironment.killsName).map(Int.init) ?? 20
        private static let clientCount = 32
        private static let conversations = (0..<12).map { "c\($0)" }

        @Test(
            "Every ticket that was answered is there after SIGKILL and a restart, and none that was finished",
            arguments: ["process", "power"])
        func kills(durability: String) async throws {
            let seed = try #require(SeededRandom.seeds(1).last)
            var random = SeededRandom(seed: seed)
            var options = HistoryOptions()
            // The daemon writes `expires` by a wall clock that it looks at now and then.
            options.clockTolerance = .milliseconds(50)
            let history = try RecordedHistory("kills-\(durability)-\(seed)", options)
            let clients = (0..<Self.clientCount).map { name in
                KilledClient(
                    name: name, conversations: Self.conversations, random: SeededRandom(seed: random.next()),
                    history: history)
            }
            try await withTemporaryFolder { folder in
                var settings = ["--listen", "127.0.0.1:0"]
                settings += ["--set", "store.state_directory=\(folder.path)/state"]
                settings += ["--set", "store.durability=\(durability)"]
                for kill in 0..<Self.kills {
                    let comment = "kill \(kill), \(TestEnvironment.seedName)=\(seed)"
                    let pause = UInt32.random(in: 1_000...120_000, using: &random)
                    try await RunningDaemon.with(settings) { daemon in
                        if kill > 0 { try await look(daemon, history) }
                        let address = "127.0.0.1:\(try daemon.port)"
                        let threads = clients.map { client in Work { client.run(at: address) } }
                        usleep(pause)
                        history.fault(.killed)
                        daemon.process.kill()
                        for thread in threads { thread.wait() }
                    }
                    if !history.findings.isEmpty { return try history.judge(comment) }
                }
                try await RunningDaemon.with(settings) { daemon in
                    try await look(daemon, history)
                    #expect(try await daemon.stop() == .status(0))
                }
            }
            let requests = history.requestCount
            print("killed \(Self.kills) times (\(durability)); \(requests) requests, seed \(seed)")
            #expect(requests > 50 * Self.kills)
            try history.judge("\(TestEnvironment.seedName)=\(seed)")
        }

        /// Reads every lock: what the daemon has is judged by what the clients were told.
        private func look(_ daemon: RunningDaemon, _ history: RecordedHistory) async throws {
            for conversation in Self.conversations {
                let id = ConversationID(conversation)
                let request = history.sent(HistoryRequest(0, .getLock, of: id))
                let reply = try await daemon.get("/v1/lock?conversation_id=\(conversation)")
                history.answered(request, to: id, reply.status, try JSONValue(parsing: Array(reply.body)))
            }
        }
    }
}

/// Something done on a thread of its own.
private final class Work: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [done] in
            body()
            done.signal()
        }
    }

    func wait() { done.wait() }
}
