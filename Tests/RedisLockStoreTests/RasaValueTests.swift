import Foundation
import LockStore
import Support
import Testing
import TicketLock

@Suite("The lock store in Redis: what Rasa writes", .timeLimit(.minutes(5)))
struct RasaValueTests {
    /// A value as Rasa's `TicketLock.dumps` writes it.
    static func value(_ tickets: [(Int, String)], _ id: String = "ada") throws -> String {
        let inner = tickets.map { #"{"number": \#($0), "expires": \#($1)}"# }
        let data = try JSONSerialization.data(withJSONObject: ["conversation_id": id, "tickets": inner])
        return String(decoding: data, as: UTF8.self)
    }

    static func soon(_ seconds: Double) -> String { "\(Date.now.timeIntervalSince1970 + seconds)" }

    /// What Rasa makes of the value, and writes back: the fields it knows.
    static func rewritten(_ value: String) throws -> String {
        let lock = try JSONValue(parsing: value)
        let tickets = try #require(lock["tickets"]?.array).map { text in
            let ticket = try JSONValue(parsing: try #require(text.string))
            return (try #require(ticket["number"]?.integer), "\(try #require(ticket["expires"]?.number))")
        }
        return try Self.value(tickets, try #require(lock["conversation_id"]?.string))
    }

    @Test("Tickets that Rasa issued are read and continued, and the key gets a time to live")
    func continued() async throws {
        try await RedisPlay.with { play in
            let value = try Self.value([(4, Self.soon(50)), (5, Self.soon(3)), (7, Self.soon(60))])
            try await play.command("SET", "lock:ada", value)
            #expect(try await play.command("TTL", "lock:ada") == "-1")
            let lock = try #require(try await play.one.lock())
            #expect(lock.tickets.map(\.number) == [4, 5, 7])
            #expect(lock.lastIssued == 7)
            let tokens = lock.tickets.map(\.token)
            #expect(tokens == Set(tokens).sorted() && tokens[0] > 1_700_000_000_000_000)
            #expect(try await play.one.lock() == lock)
            #expect(try #require(Int(try await play.command("TTL", "lock:ada"))) > 3600)

            let ticket = try await play.one.issue()
            #expect(ticket.number == 8 && ticket.token > tokens[2])
            try await eventually("5 has expired") { try await play.one.queue() == [4, 7, 8] }
            #expect(try await play.one.finish(4).nowServing == 7)
        }
    }

    @Test(
        "An empty lock, expiries that Python writes in its own way, and other white space are all right",
        arguments: [
            #"{"conversation_id": "ada", "tickets": []}"#,
            #"{"tickets":["{\"number\":0,\"expires\":Infinity}"],"conversation_id":"ada"}"#,
            #"{"conversation_id": "ada", "tickets": ["{\"number\": 0, \"expires\": NaN}"]}"#,
            #"{"conversation_id": "ada", "tickets": ["{\"number\": 0, \"expires\": 1e+22}"]}"#,
            #"{"conversation_id": "ada", "tickets": ["{\"expires\": 4102444800, \"number\": 0}"]}"#,
        ])
    func oddities(value: String) async throws {
        try await RedisPlay.with { play in
            try await play.command("SET", "lock:ada", value)
            let count = try #require(try await play.one.lock()).tickets.count
            let ticket = try await play.one.issue()
            #expect(Int(ticket.number) == count && ticket.position == count)
            #expect(try await play.one.cleanUp(0).removed)
            #expect(try #require(Int(try await play.command("TTL", "lock:ada"))) > 3500)
        }
    }

    @Test("A lock that Rasa wrote back keeps our callers' tickets, tokens and lifetimes")
    func fieldsLost() async throws {
        try await RedisPlay.with(2) { play in
            let holder = try await play.one.issue()
            let acquire = try await play.two.acquire(lifetime: 4, timeout: 1_000)
            let wait = try await play.one.wait((try await play.one.issue()).number)
            let before = try #require(try await play.one.lock())
            let value = try Self.rewritten(try await play.value())
            try await play.command("SET", "lock:ada", value)

            // Nobody here knows any more whose the holder's ticket is.
            await #expect(throws: Refusal.tokenMismatch) { try await play.one.finish(0, token: holder.token) }
            #expect(try await play.one.finish(0).removed)
            let served = try await play.two.served(acquire)
            #expect(served.number == 1 && served.token == before.tickets[1].token)
            // Its lifetime began when it was served.
            let left = (try await play.one.lock())?.tickets.first.map { $0.expires - $0.issued }
            #expect(try #require(left) <= play.harness.tick * 5)
            #expect(await play.one.waits(wait))
            #expect(try await play.two.finish(1, token: served.token).removed)
            #expect(try await play.one.served(wait).token == before.tickets[2].token)
            #expect(try await play.two.issue().token > before.tickets[2].token)
        }
    }

    @Test("Tokens and numbers grow on though Rasa wrote the lock back, or deleted it")
    func growth() async throws {
        try await RedisPlay.with { play in
            let first = try await play.one.issue()
            try await play.command("SET", "lock:ada", try Self.rewritten(try await play.value()))
            let second = try await play.one.issue()
            #expect(second.number == 1 && second.token > first.token)
            try await play.command("DEL", "lock:ada")
            #expect(try await play.one.issue().token > second.token)
        }
    }

    @Test("A ticket that Rasa wrote has no token that protects it: whatever is given for it is refused")
    func noToken() async throws {
        try await RedisPlay.with { play in
            try await play.command("SET", "lock:ada", try Self.value([(0, Self.soon(600))]))
            let tokens: [FencingToken] = [1, 1_700_000_000_000_000, 9_007_199_254_740_991]
            for token in tokens {
                await #expect(throws: Refusal.tokenMismatch) { try await play.one.status(0, token: token) }
                await #expect(throws: Refusal.tokenMismatch) {
                    try await play.one.extend(0, by: 5, token: token)
                }
                await #expect(throws: Refusal.tokenMismatch) { try await play.one.finish(0, token: token) }
                await #expect(throws: Refusal.tokenMismatch) { try await play.one.cleanUp(0, token: token) }
            }
            #expect(try await play.one.queue() == [0])
            #expect(try await play.one.finish(0).removed)
            #expect(try await play.one.issue().token < 9_007_199_254_740_991)
        }
    }

    @Test("A caller that gives up a ticket that Rasa wrote back leaves none behind")
    func givenUp() async throws {
        try await RedisPlay.with { play in
            _ = try await play.one.issue()
            let caller = try await play.one.acquire()
            try await play.command("SET", "lock:ada", try Self.rewritten(try await play.value()))
            caller.cancel()
            await #expect(throws: LockStoreError.self) { try await play.one.answer(caller) }
            try await eventually("it is gone") { try await play.one.queue() == [0] }
        }
    }

    @Test(
        "A ticket that was extended while somebody waits for it elsewhere is theirs though Rasa wrote the lock back"
    )
    func extended() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let ticket = try await play.one.issue(lifetime: 30)
            let waiter = try await play.two.wait(ticket.number)
            _ = try await play.one.extend(ticket.number, by: 600)
            try await play.harness.advance(by: .milliseconds(300))
            try await play.command("SET", "lock:ada", try Self.rewritten(try await play.value()))
            try await play.one.finish(0)
            #expect(try await play.two.served(waiter).token == ticket.token)
        }
    }

    @Test("Events about keys that are switched on while somebody waits are heard")
    func switchedOn() async throws {
        try await RedisPlay.with { play in
            try await play.command("SET", "lock:ada", try Self.value([(0, Self.soon(600))]))
            let caller = try await play.one.acquire()
            try await play.command("CONFIG", "SET", "notify-keyspace-events", "K$gx")
            try await eventually("it listens") {
                try await play.command("PUBSUB", "NUMSUB", "__keyspace@1__:lock:ada").hasSuffix("1")
            }
            try await play.command("SET", "lock:ada", try Self.value([(1, Self.soon(600))]))
            _ = caller
            let all = try Self.rewritten(try await play.value())
            #expect(all.contains("1"))
            try await play.command("DEL", "lock:ada")
            #expect(try await play.one.refusal(caller) == .gone(.unknown))
        }
    }

    @Test(
        "Where Redis tells of keys, a hand-over by Rasa is heard at once, and what is ours is not asked about"
    )
    func keyspaceEvents() async throws {
        try await RedisPlay.with(options: ["--notify-keyspace-events", "K$gx"]) { play in
            try await play.command("SET", "lock:ada", try Self.value([(0, Self.soon(600))]))
            let caller = try await play.one.acquire()
            try await eventually("it listens") {
                try await play.command("PUBSUB", "NUMSUB", "__keyspace@1__:lock:ada").hasSuffix("1")
            }
            // Rasa removes its ticket, as finish_serving does.
            let ours = try await play.value()
            let all = try Self.rewritten(ours)
            let left = all.replacing(try Regex(#""\{\\"number\\": ?0[^}]*\}",?"#), with: "")
            #expect(left != all)
            try await play.command("SET", "lock:ada", left)
            #expect(try await play.one.served(caller).number == 1)

            let next = try await play.one.acquire()
            try await play.command("DEL", "lock:ada")
            #expect(try await play.one.refusal(next) == .gone(.unknown))
        }
    }

    @Test("The value is one that Rasa reads: an object with tickets as JSON in JSON")
    func written() async throws {
        try await RedisPlay.with { play in
            let ticket = try await play.one.issue("a/\"b\"\\é\n")
            _ = try await play.one.acquire("a/\"b\"\\é\n", key: "k\"}")
            let value = try await play.value("a/\"b\"\\é\n")
            let lock = try #require(
                try JSONSerialization.jsonObject(with: Data(value.utf8)) as? [String: Any])
            #expect(lock["conversation_id"] as? String == "a/\"b\"\\é\n")
            let tickets = try #require(lock["tickets"] as? [String])
            let numbers = try tickets.map { text in
                let ticket = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                #expect(ticket?["expires"] is Double)
                return ticket?["number"] as? Int
            }
            #expect(numbers == [0, 1])
            #expect(try await play.one.finish(0, of: "a/\"b\"\\é\n", token: ticket.token).nowServing == 1)
        }
    }
}
