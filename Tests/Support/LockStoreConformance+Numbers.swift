import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// Ticket numbers and fencing tokens.
    package static let numbers: [LockStoreCase] = [
        LockStoreCase("The first ticket is 0, each further one more, in every conversation") { scene in
            for number in 0..<4 {
                #expect(try await scene.issue("ada").number == TicketNumber(number))
                #expect(try await scene.issue("grace").number == TicketNumber(number))
            }
            let lock = try #require(try await scene.lock())
            #expect(lock.tickets.map(\.number) == [0, 1, 2, 3])
            #expect(lock.lastIssued == 3)
            #expect(lock.nowServing == 0)
        },
        LockStoreCase("Tokens grow for ever, across finishing, cleanup and deletion") { scene in
            var tokens: [FencingToken] = []
            for round in 0..<9 {
                let ticket = try await scene.issue()
                tokens.append(ticket.token)
                switch round % 3 {
                case 0: try await scene.finish(ticket.number)
                case 1: try await scene.cleanUp(ticket.number)
                default: try await scene.delete()
                }
            }
            #expect(tokens == Set(tokens).sorted())
            #expect(tokens.allSatisfy { $0 > 0 && $0 < 1 << 53 })
        },
        LockStoreCase("The tail's number is not reused, whether it was finished or expired") { scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            try await scene.finish(1)
            #expect(try await scene.issue(lifetime: 1).number == 2)
            try await scene.advance(1.5)
            #expect(try await scene.queue() == [0])
            #expect(try await scene.lock()?.lastIssued == 2)
            #expect(try await scene.issue().number == 3)
        },
        LockStoreCase("Numbers go on after the queue was empty, after cleanup and after deletion") { scene in
            try await scene.finish(try await scene.issue().number)
            #expect(try await scene.issue().number == 1)
            #expect(try await scene.cleanUp(1).deleted)
            #expect(try await scene.lock() == nil)
            #expect(try await scene.issue().number == 2)
            #expect(try await scene.delete())
            #expect(try await scene.getOrCreate().lock.lastIssued == 2)
            #expect(try await scene.issue().number == 3)
        },
        LockStoreCase("A late, repeated cleanup removes nobody else's ticket") { scene in
            let late = try await scene.issue(lifetime: 1)
            try await scene.advance(1.5)
            let holder = try await scene.issue()
            #expect(holder.number != late.number)
            for _ in 0..<2 {
                let result = try await scene.cleanUp(late.number)
                #expect(!result.removed && !result.deleted && result.isSomeoneWaiting)
            }
            #expect(try await scene.queue() == [holder.number])
        },
        LockStoreCase(
            "Numbers begin anew only when the retention of a deleted lock has passed; tokens never do",
            limits: { limits, tick in limits.numberRetention = tick * 4 },
            body: { scene in
                let first = try await scene.issue()
                try await scene.cleanUp(first.number)
                try await scene.advance(2)
                let second = try await scene.issue()
                #expect(second.number == 1)
                try await scene.cleanUp(second.number)
                try await scene.advance(5)
                let third = try await scene.issue()
                #expect(third.number == 0)
                #expect(first.token < second.token && second.token < third.token)
            }),
        LockStoreCase("An issued number is gone, one above the last was never issued") { scene in
            await #expect(throws: Refusal.neverIssued) { try await scene.status(0) }
            try await scene.finish(try await scene.issue().number)
            for _ in 0..<2 {
                await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(0) }
                await #expect(throws: Refusal.gone(.unknown)) { try await scene.extend(0, by: 1) }
                await #expect(throws: Refusal.neverIssued) { try await scene.status(1) }
                await #expect(throws: Refusal.neverIssued) { try await scene.extend(1, by: 1) }
                // And the same when the lock is not there any more.
                try await scene.delete()
            }
        },
        LockStoreCase("A conversation is its ID's bytes, whatever they are, and nobody else's") {
            scene async throws in
            let ids = [
                "a", "a:1", "a/b", "a*", "a?", "a[0-9]", "A", " a", "a ", "\u{e9}", "e\u{301}", "\u{1f511}",
                "a\nb",
                "lock:a", "{a}", String(repeating: "x", count: 511), String(repeating: "x", count: 512),
            ]
            for id in ids { #expect(try await scene.issue(id).number == 0, "\(id)") }
            for id in ids { #expect(try await scene.issue(id).number == 1, "\(id)") }
            for (index, id) in ids.enumerated() {
                #expect(try await scene.lock(id)?.conversationID == ConversationID(id))
                #expect(try await scene.delete(id))
                for other in ids[(index + 1)...] {
                    #expect(try await scene.queue(other) == [0, 1], "\(other)")
                }
            }
        },
    ]
}
