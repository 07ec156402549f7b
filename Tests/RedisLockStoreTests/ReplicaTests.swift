import LockStore
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: waiting for replicas", .serialized, .timeLimit(.minutes(5)))
struct ReplicaTests {
    private static let quick = ["--repl-ping-replica-period", "1", "--repl-diskless-sync-delay", "0"]

    private func with(_ body: (RedisPlay, RunningRedis) async throws -> Void) async throws {
        try await RedisPlay.with(options: Self.quick) { play in
            let options = ["--replicaof", "127.0.0.1", String(play.redis.port)] + Self.quick
            try await RunningRedis.with(options) { replica in
                try await eventually("the replica has all") {
                    try await replica.command("INFO", "replication").contains("master_link_status:up")
                }
                try await body(play, replica)
            }
        }
    }

    @Test(
        "A grant that the replicas have not after a second has an unknown outcome, and is given up without a key"
    )
    func missing() async throws {
        try await with { play, replica in
            let store = try await play.harness.makeRedisStore(replicas: 1)
            let scene = LockStoreScene(play.harness, store)
            try await eventually("the replica answers") {
                try await errorCode { try await scene.issue("before") } == nil
            }
            let first = try await scene.served(try await scene.acquire())
            let caller = try await scene.acquire()
            let keyed = try await scene.acquire(key: "k")
            _ = try await scene.extend(0, by: 600)
            replica.pause()
            let began = ContinuousClock.now
            #expect(try await errorCode { try await scene.issue("grace") } == .outcomeUnknown)
            #expect(ContinuousClock.now - began < .seconds(3))
            // An end that they have not is done, and not told.
            #expect(try await errorCode { try await scene.finish(first.number) } == .outcomeUnknown)
            #expect(try await play.one.finish(first.number).removed == false)
            #expect(try await errorCode { try await scene.answer(caller) } == .outcomeUnknown)
            #expect(try await errorCode { try await scene.answer(keyed) } == .outcomeUnknown)
            try await eventually("it is given up") { try await play.one.queue() == [2] }
            replica.resume()
            try await eventually("it has it again") {
                try await errorCode { try await scene.issue("grace") } == nil
            }
            #expect(try await scene.served(try await scene.acquire(key: "k")).number == 2)
            await scene.end()
        }
    }

    @Test("A wait whose time ends while the replicas are waited for does not tell a grant that they have not")
    func timedOut() async throws {
        try await with { play, replica in
            let store = try await play.harness.makeRedisStore(replicas: 1)
            let scene = LockStoreScene(play.harness, store)
            try await eventually("the replica answers") {
                try await errorCode { try await scene.issue("before") } == nil
            }
            let first = try await scene.issue()
            let second = try await scene.issue()
            let caller = try await scene.wait(second.number, timeout: 0.5)
            replica.pause()
            _ = try await play.one.finish(first.number)
            #expect(try await errorCode { try await scene.answer(caller) } == .outcomeUnknown)
            replica.resume()
            let again = try await scene.wait(second.number, timeout: 5)
            #expect(try await scene.served(again).number == second.number)
            await scene.end()
        }
    }

    @Test("Replicas of another server behind the same address do not count")
    func anotherServer() async throws {
        try await with { other, _ in
            try await RedisPlay.with { play in
                try await TCPRelay.with(to: play.redis.port) { relay in
                    let store = try await play.harness.makeRedisStore(port: relay.port, replicas: 1)
                    let scene = LockStoreScene(play.harness, store)
                    #expect(try await errorCode { try await scene.issue() } == .outcomeUnknown)
                    try relay.lead(to: other.redis.port)
                    // The connection for commands stays where it is.
                    let clients = try await play.redis.command("CLIENT", "LIST").split(separator: "\n")
                    let waiting = try #require(clients.first { $0.contains("cmd=wait") })
                    let id = try #require(waiting.firstMatch(of: /\bid=(\d+)/)?.1)
                    try await play.redis.command("CLIENT", "KILL", "ID", String(id))
                    try await eventually("it comes to the other one") {
                        _ = try await errorCode { try await scene.issue("before") }
                        return try await other.command("KEYS", "ticketlockd:written*").isEmpty == false
                    }
                    for _ in 0..<3 {
                        #expect(try await errorCode { try await scene.issue() } == .outcomeUnknown)
                    }
                    await scene.end()
                }
            }
        }
    }

    @Test(
        "When the master is killed in the middle of work, the replica that takes over has forgotten no ticket"
    )
    func failOver() async throws {
        try await with { play, replica in
            try await TCPRelay.with(to: play.redis.port) { relay in
                let store = try await play.harness.makeRedisStore(port: relay.port, replicas: 1)
                let told = try await withThrowingTaskGroup(of: [TicketStatus].self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            var told: [TicketStatus] = []
                            let id = ConversationID("conversation \(worker % 2)")
                            while told.count < 150 {
                                // What has an unknown outcome, or none, is not told.
                                guard
                                    let ticket = try? await store.issueTicket(
                                        for: id, lifetime: .seconds(60), key: nil
                                    ).get()
                                else {
                                    try await Task.sleep(for: .milliseconds(20))
                                    continue
                                }
                                told.append(ticket)
                                _ = try? await store.finishServing(ticket.number, token: ticket.token, of: id)
                            }
                            return told
                        }
                    }
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(150))
                        play.redis.kill()
                        try await replica.command("REPLICAOF", "NO", "ONE")
                        try relay.lead(to: replica.port)
                        // There is nobody behind it any more.
                        try await Task.sleep(for: .milliseconds(300))
                        try await play.redis.restart()
                        try await play.redis.command("REPLICAOF", "127.0.0.1", String(replica.port))
                        return []
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(told.count == 1_200)
                #expect(Set(told.map(\.token)).count == told.count)
                // A number that was told, forgotten and given out again would be there twice.
                let numbers = Dictionary(grouping: told, by: \.number)
                #expect(numbers.values.allSatisfy { $0.count <= 2 })
            }
        }
    }
}
