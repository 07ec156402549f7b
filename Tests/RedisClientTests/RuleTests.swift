import Support
import Testing

@testable import RedisClient

@Suite("Redis client: rules")
struct RuleTests {
    @Test(
        "Waits between attempts double up to half a second, to five where we are not let in, and are spread over all below",
        arguments: [
            (false, [50, 100, 200, 400, 500, 500, 500, 500, 500]),
            (true, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]),
        ])
    func backoff(isRefused: Bool, milliseconds: [Int]) throws {
        var backoff = Backoff()
        let longest = (0..<9).map { _ in backoff.next(random: 1, isRefused: isRefused) }
        #expect(longest == milliseconds.map { .milliseconds($0) })
        #expect(backoff.next(random: 0, isRefused: isRefused) == .zero)
        let half = Duration.milliseconds(try #require(milliseconds.last)) / 2
        #expect(backoff.next(random: 0.5, isRefused: isRefused) == half)
        backoff.reset()
        #expect(backoff.next(random: 1) == .milliseconds(50))
    }

    @Test(
        "Replies go to who asked, in the order of asking, many to a pipeline",
        arguments: SeededRandom.seeds(5))
    func pendingReplies(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var pending = PendingReplies()
        var expected: [[Int64]] = []
        var (asked, replied, answered) = (Int64(0), Int64(0), 0)
        for _ in 0..<20_000 {
            if random.chance(0.3) {
                let count = Int.random(in: 1...4, using: &random)
                expected.append((0..<Int64(count)).map { asked + $0 })
                asked += Int64(count)
                pending.append(replies: count, start: 0, due: asked) { _ in }
            } else {
                let (isExpected, entry) = pending.take(.integer(replied))
                #expect(isExpected == (replied < asked))
                if isExpected { replied += 1 }
                guard let entry else { continue }
                #expect(entry.replies.compactMap(\.integer) == expected[answered], "seed \(seed)")
                answered += 1
            }
            #expect(pending.count == Int(asked - replied))
        }
        #expect(pending.removeAll().count == expected.count - answered)
        #expect(pending.count == 0 && pending.due == nil)
    }

    @Test("Replies are the same however their bytes are cut", arguments: 1...9)
    func chunks(length: Int) throws {
        let text =
            "+OK\r\n:-5\r\n$4\r\na\r\nb\r\n$-1\r\n*-1\r\n*3\r\n:1\r\n*1\r\n$0\r\n\r\n-ERR no\r\n$1\r\nx\r\n"
        let bytes = Array(text.utf8)
        let reader = ReplyReader()
        var replies: [RedisReply] = []
        for start in stride(from: 0, to: bytes.count, by: length) {
            let chunk = Array(bytes[start..<min(start + length, bytes.count)])
            try chunk.withUnsafeBytes { try reader.feed($0) }
            while let reply = try reader.next() { replies.append(reply) }
        }
        #expect(
            replies == [
                .status("OK"), .integer(-5), .string(Array("a\r\nb".utf8)), .null, .null,
                .array([.integer(1), .array([.string([])]), .error("ERR no")]), .string([0x78]),
            ])
    }

    @Test(
        "What is not Redis's protocol is told as such", arguments: ["HTTP/1.1 400\r\n", "*x\r\n", "$-2\r\n"])
    func otherProtocol(text: String) throws {
        let reader = ReplyReader()
        try Array(text.utf8).withUnsafeBytes { try reader.feed($0) }
        #expect(throws: RedisError.self) { try reader.next() }
    }

    @Test("A command is written as the protocol asks for")
    func command() {
        let bytes = RedisCommand(["SET", "k\u{e9}y", "", "12345678901"]).bytes
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "*4\r\n$3\r\nSET\r\n$4\r\nk\u{e9}y\r\n$0\r\n\r\n$11\r\n12345678901\r\n")
    }

    @Test("A script's digest is the one that Redis knows it by")
    func digest() {
        #expect(RedisScript("return 1").digest == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
        let bytes = RedisScript("return 1").evaluation(key: "k", arguments: ["a", "b"]).bytes
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(
            text.hasPrefix(
                "*6\r\n$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n$1\r\n1\r\n"))
    }

    @Test("Reasons that come in turn are told once each, and not without end")
    func toldProblems() {
        var told = ToldProblems()
        let problems = ["a", "b", "a", "b"].map { RedisError(.unavailable, $0) }
        #expect(problems.map { told.isNew($0) } == [true, true, false, false])
        let many = (0..<100).filter { told.isNew(RedisError(.unavailable, "\($0)")) }
        #expect(many.count == ToldProblems.countMax - 2)
    }

    @Test("A confirmation that belongs to an earlier request of a channel confirms nothing")
    func staleConfirmation() throws {
        var subscriptions = Subscriptions()
        var log: [String] = []
        let first = try #require(subscriptions.add("c") { _ in log.append("first") })
        #expect(subscriptions.add("c", { _ in log.append("second") }) == nil)
        for waiter in subscriptions.remove("c") ?? [] { waiter(.success(())) }
        #expect(log == ["first", "second"])
        let next = try #require(subscriptions.add("c") { _ in log.append("third") })
        #expect(subscriptions.confirm(first, for: "c").isEmpty)
        #expect(subscriptions.refuse(first, for: "c").isEmpty)
        #expect(subscriptions.confirm(next, for: "c").count == 1)
        #expect(subscriptions.areRenewed)
        #expect(subscriptions.lose().isEmpty)
        #expect(!subscriptions.areRenewed && subscriptions.requests.map(\.channel) == ["c"])
        #expect(subscriptions.confirm(next, for: "c").isEmpty)
        #expect(subscriptions.areRenewed)
    }
}
