import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// Pairs of IDs that are equal by Unicode and different as bytes.
    private static let pairs = [
        ("caf\u{e9}", "cafe\u{301}"), ("\u{ac00}", "\u{1100}\u{1161}"), ("\u{301}x", "\u{341}x"),
    ]

    /// IDs are bytes: two that look the same, and that Unicode takes for the same, are two conversations.
    package static let bytes: [LockStoreCase] = pairs.flatMap { one, other in
        [
            LockStoreCase(
                "Every operation keeps \(one.utf8.count) bytes and \(other.utf8.count) bytes apart: \(one)"
            ) { scene in
                for id in [one, other] {
                    #expect(try await scene.issue(id, key: "k").number == 0)
                    #expect(try await scene.issue(id).number == 1)
                }
                #expect(await scene.store.statistics().lockCount == 2)
                #expect(await scene.store.statistics().ticketCount == 4)
                #expect(await scene.store.statistics().idempotencyKeyCount == 2)
                _ = try await scene.extend(0, of: one, by: 2_000)
                let expiries = try await [scene.lock(one), scene.lock(other)].map { $0?.tickets[0].expires }
                #expect(try #require(expiries[0]) > #require(expiries[1]))
                #expect(try await scene.finish(0, of: one).removed)
                #expect(try await scene.queue(other) == [0, 1])
                #expect(try await scene.waiting(one).holds(true, 0, 1))
                #expect(try await scene.waiting(other).holds(true, 1, 0))
                for (prefix, id) in [(one, one), (other, other)] {
                    let page = try await scene.store.locks(prefix: prefix, limit: 10, from: 0)
                    #expect(page.locks.map(\.conversationID) == [ConversationID(id)])
                }
                #expect(try await scene.cleanUp(1, of: one).deleted)
                #expect(try await scene.lock(one) == nil)
                #expect(try await scene.getOrCreate(other).created == false)
                #expect(try await scene.getOrCreate(one).created)
                #expect(try await scene.delete(other))
                #expect(try await scene.lock(one) != nil)
            },
            LockStoreCase("Who waits for \(one) and who waits for its other bytes are told each of its own") {
                scene in
                for id in [one, other] { _ = try await scene.issue(id) }
                let callers = [try await scene.acquire(one), try await scene.acquire(other)]
                let waits = [try await scene.wait(1, of: one), try await scene.wait(1, of: other)]
                try await scene.finish(0, of: other)
                #expect(try await scene.served(callers[1]).number == 1)
                #expect(try await scene.served(waits[1]).number == 1)
                #expect(callers[0].isWaiting && waits[0].isWaiting)
                let next = try await scene.acquire(other)
                try await scene.finish(0, of: one)
                #expect(try await scene.served(callers[0]).number == 1)
                #expect(try await scene.served(waits[0]).number == 1)
                #expect(next.isWaiting)
                try await scene.delete(other)
                #expect(try #require(try await scene.refusal(next)).isGone(.lockDeleted))
                #expect(try await scene.queue(one) == [1])
            },
        ]
    }
}
