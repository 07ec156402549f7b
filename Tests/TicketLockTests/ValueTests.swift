import Testing

@testable import TicketLock

@Suite("Conversation IDs and moments")
struct ValueTests {
    @Test(
        "IDs are one conversation only if their bytes are the same",
        arguments: [
            ("caf\u{E9}", "cafe\u{301}"), ("\u{212B}", "\u{C5}"), ("ada", "Ada"), ("ada", "ada "),
            ("a", "aa"),
            ("a", "a:1"), ("x*", "xa"), ("\u{1F600}", "\u{1F601}"), ("\u{AC00}", "\u{1100}\u{1161}"),
            ("a/b", "a%2Fb"),
        ])
    func distinct(left: String, right: String) throws {
        let desk = Desk()
        #expect(ConversationID(left) != ConversationID(right))
        #expect(hash(left) != hash(right))
        try desk.issue(ConversationID(left))
        #expect(try !desk.issue(ConversationID(right)).isLocked)
        #expect(desk.table.lockCount == 2)
        desk.delete(ConversationID(left))
        #expect(desk.lock(ConversationID(right)) != nil)
    }

    @Test(
        "Equal bytes are one conversation, however the string is stored",
        arguments: [
            "a", "an ID too long for a small string", "caf\u{E9} \u{1F600}",
            String(repeating: "x", count: 512),
        ])
    func same(text: String) throws {
        let other = ConversationID(String(("<" + text).dropFirst()))
        let bridged = ConversationID(String(decoding: Array(text.utf8), as: UTF8.self))
        #expect(Set([ConversationID(text), other, bridged]).count == 1)
        #expect(hash(text) == other.withBytes(SipHash(key: (1, 2)).hash))
    }

    private func hash(_ text: String) -> UInt64 { ConversationID(text).withBytes(SipHash(key: (1, 2)).hash) }

    @Test("Two IDs that share a hash share a retained number, which only makes a number larger")
    func collision() {
        var retained = RetainedNumbers()
        let until = Instant.start + .seconds(9)
        retained.remember(0xada, next: 7, until: until, countMax: 9, now: .start)
        retained.remember(0xada, next: 3, until: until, countMax: 9, now: .start)
        #expect(retained.next(of: 0xada, now: .start) == 7)
        #expect(retained.count == 1)
    }

    @Test("With room for no retained number none is retained, and nothing breaks")
    func noRoom() {
        var retained = RetainedNumbers()
        retained.remember(0xada, next: 7, until: .never, countMax: 0, now: .start)
        #expect(retained.next(of: 0xada, now: .start) == 0)
        #expect(retained.count == 0)
    }

    @Test(
        "A span is counted in whole nanoseconds, what is left cut off",
        arguments: [
            (Duration.seconds(1), 1_000_000_000), (.nanoseconds(1), 1), (.zero, 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
            (.seconds(-1), -1_000_000_000),
            (Duration(secondsComponent: 2, attosecondsComponent: 999_999_999_999_999_999), 2_999_999_999),
        ] as [(Duration, Int64)])
    func nanoseconds(span: Duration, nanoseconds: Int64) {
        #expect(span.nanoseconds == nanoseconds)
        #expect((Instant.start + span) - .start == .nanoseconds(nanoseconds))
    }

    @Test("Never is later than every other moment")
    func never() {
        #expect(Instant(nanoseconds: .max - 1) < .never)
        #expect(!(Instant.never < Instant.never))
    }
}
