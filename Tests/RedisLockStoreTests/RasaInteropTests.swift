import Foundation
import LockStore
import RedisLockStore
import Support
import Testing
import TicketLock

/// Rasa's real code and ours on the same locks, as during a migration. It reads a lock and writes it back in two
/// steps, so what another does in between is lost: as little as can be is done here while it polls.
@Suite(
    "The lock store in Redis, beside Rasa's own", .enabled(if: RasaPeer.isThere, RasaPeer.isMissing),
    .timeLimit(.minutes(5)))
struct RasaInteropTests {
    @Test("Rasa reads our locks, and its operations on them are ours", arguments: ["", "other"])
    func rasaReads(keyPrefix: String) async throws {
        try await RedisPlay.with { play in
            let store = try await play.harness.makeRedisStore(keyPrefix: keyPrefix.isEmpty ? nil : keyPrefix)
            let scene = LockStoreScene(play.harness, store)
            let rasa = RasaPeer(redis: play.redis, keyPrefix: keyPrefix)
            let id = "chat/1: \"é\" * {x}"
            let first = try await scene.issue(id, key: "k")
            let caller = try await scene.acquire(id)
            let lock = try await rasa.does("get", id)
            #expect(lock["conversation_id"]?.string == id)
            #expect(lock["numbers"] == [0, 1] && lock["now_serving"] == 0 && lock["last_issued"] == 1)
            #expect(lock["waiting"] == true)
            let shown = try #require(lock["expires"]?.array?.first?.number)
            let expires = try await play.harness.loop.run {
                Double(store.realTime { 0 }) / 1e9 + Double((first.expires - store.present).nanoseconds) / 1e9
            }
            #expect(abs(shown - expires) < 0.001)

            // Its ticket stands behind ours; its finish of ours serves the next.
            #expect(try await rasa.does("issue", id, "60") == ["ticket": 2])
            try await rasa.does("finish", id, "0")
            #expect(try await scene.queue(id) == [1, 2])
            #expect(try await scene.served(caller).number == 1)
            try await rasa.does("cleanup", id, "1")
            try await rasa.does("update", id)
            #expect(try await scene.queue(id) == [2])
            try await rasa.does("cleanup", id, "2")
            #expect(try await scene.lock(id) == nil)

            // A deleted lock of ours is an empty one to Rasa, and is filled again.
            #expect(try await scene.cleanUp(try await scene.issue(id).number, of: id).deleted)
            #expect(try await rasa.does("get", id)["numbers"] == [])
            _ = try await rasa.does("issue", id, "60")
            #expect(try await scene.queue(id)?.count == 1)
            await scene.end()
        }
    }

    @Test(
        "Rasa waits for our holder, and our caller for Rasa's, which is heard at once where Redis tells of keys"
    )
    func bothWait() async throws {
        try await RedisPlay.with(options: ["--notify-keyspace-events", "K$gx"]) { play in
            let holder = try await play.one.issue(lifetime: 60)
            let peer = RasaPeer(redis: play.redis).holds("ada", wait: 0.5, seconds: 1)
            try await eventually("Rasa has its ticket") { try await play.one.queue() == [0, 1] }
            let caller = try await play.one.acquire(lifetime: 60, timeout: 120)
            let finished = Date.now.timeIntervalSince1970
            // Rasa has written it back, and so taken its token.
            _ = holder
            #expect(try await play.one.finish(0).nowServing == 1)
            let served = try await play.one.served(caller)
            let entered = Date.now.timeIntervalSince1970

            let said = try await peer.value
            #expect(said.map { $0["event"]?.string } == ["entered", "leaving"])
            let times = said.compactMap { $0["time"]?.number }
            #expect(times[0] >= finished - 0.01)
            // Long before its ticket would have expired.
            #expect(entered >= times[1] && entered < times[1] + 10)
            #expect(try await play.one.finish(served.number, token: served.token).removed)
        }
    }

    @Test("Without such events our caller is served when the ticket of Rasa's holder would have expired")
    func deadline() async throws {
        try await RedisPlay.with { play in
            let rasa = RasaPeer(redis: play.redis)
            #expect(try await rasa.does("issue", "ada", "2") == ["ticket": 0])
            let caller = try await play.one.acquire()
            try await rasa.does("finish", "ada", "0")
            #expect(try await play.one.served(caller).number == 1)
        }
    }

    @Test("Rasa's numbers and ours do not meet while a ticket is queued")
    func numbers() async throws {
        try await RedisPlay.with { play in
            let rasa = RasaPeer(redis: play.redis)
            var tokens: [FencingToken] = []
            for round in 0..<3 {
                #expect(try await rasa.does("issue", "ada", "60") == ["ticket": .number(Double(2 * round))])
                let ticket = try await play.one.issue()
                #expect(Int(ticket.number) == 2 * round + 1)
                tokens.append(ticket.token)
            }
            #expect(tokens == Set(tokens).sorted())
            #expect(try await play.one.queue() == [0, 1, 2, 3, 4, 5])
            // Rasa has forgotten the tokens of some: those are refused, and protect nothing.
            await #expect(throws: Refusal.tokenMismatch) { try await play.one.finish(1, token: tokens[0]) }
            #expect(try await play.one.finish(1).removed)
            #expect(try await play.one.finish(5, token: tokens[2]).removed)
        }
    }
}
