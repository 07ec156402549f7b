import Foundation
import Glibc
import Support
import Testing

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
            let clients = (0..<Self.clientCount).map { name in
                KilledClient(
                    name: name, conversations: Self.conversations, random: SeededRandom(seed: random.next()))
            }
            try await withTemporaryFolder { folder in
                var settings = ["--listen", "127.0.0.1:0"]
                settings += ["--set", "store.state_directory=\(folder.path)/state"]
                settings += ["--set", "store.durability=\(durability)"]
                for kill in 0..<Self.kills {
                    let comment: Comment = "kill \(kill), \(TestEnvironment.seedName)=\(seed)"
                    let pause = UInt32.random(in: 1_000...120_000, using: &random)
                    try await RunningDaemon.with(settings) { daemon in
                        if kill > 0 { try await check(daemon, clients, comment) }
                        let address = "127.0.0.1:\(try daemon.port)"
                        let threads = clients.map { client in Work { client.run(at: address) } }
                        usleep(pause)
                        daemon.process.kill()
                        for thread in threads { thread.wait() }
                    }
                    let contradictions = clients.flatMap(\.contradictions)
                    try #require(contradictions.isEmpty, "\(comment): \(contradictions)")
                }
                try await RunningDaemon.with(settings) { daemon in
                    try await check(daemon, clients, "the end, \(TestEnvironment.seedName)=\(seed)")
                    #expect(try await daemon.stop() == .status(0))
                }
            }
            let answers = clients.reduce(0) { $0 + $1.answers }
            print("killed \(Self.kills) times (\(durability)); \(answers) answers, seed \(seed)")
            #expect(answers > 50 * Self.kills)
        }

        /// Compares what the daemon has with what the clients were told.
        private func check(
            _ daemon: RunningDaemon, _ clients: [KilledClient], _ comment: Comment
        ) async throws {
            var numbers: Set<String> = []
            var tokens: Set<Int> = []
            for given in clients.flatMap(\.given) {
                try #require(tokens.insert(given.token).inserted, "token \(given.token) twice, \(comment)")
                let number = "\(given.conversation) \(given.number)"
                try #require(numbers.insert(number).inserted, "number \(number) twice, \(comment)")
            }
            let finished = clients.reduce(into: Set<Int>()) { $0.formUnion($1.finished) }
            for conversation in Self.conversations {
                let reply = try await daemon.get("/v1/lock?conversation_id=\(conversation)")
                var tickets: [Int: (number: Int, expires: Double)] = [:]
                let json = try JSONValue(parsing: Array(reply.body))
                for ticket in json["tickets"]?.array ?? [] {
                    let token = try #require(ticket["token"]?.integer)
                    tickets[token] = (
                        try #require(ticket["number"]?.integer), try #require(ticket["expires"]?.number)
                    )
                    try #require(!finished.contains(token), "\(token) has come back, \(comment)")
                }
                for client in clients {
                    for held in client.held[conversation] ?? [] {
                        guard let ticket = tickets[held.token] else {
                            try #require(held.mayBeGone, "\(held) of \(conversation) is lost, \(comment)")
                            continue
                        }
                        try #require(ticket.number == held.number, comment)
                        // One that was asked for without an answer is negative, and not known.
                        let isKnown = held.expires.contains { $0 < 0 || abs($0 - ticket.expires) < 0.05 }
                        try #require(isKnown, "\(held) expires at \(ticket.expires), \(comment)")
                    }
                }
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
