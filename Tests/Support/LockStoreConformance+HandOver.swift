import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// When the head goes the next is told, whatever made it go; nobody polls.
    package static let handOver: [LockStoreCase] = [
        LockStoreCase("Finishing, cleanup and withdrawing hand over at once, without time passing") { scene in
            _ = try await scene.issue()
            for step in 0..<6 {
                let head = try await scene.status(TicketNumber(step))
                let next = try await scene.acquire()
                switch step % 3 {
                case 0: try await scene.finish(head.number)
                case 1: try await scene.cleanUp(head.number)
                default: try await scene.withdraw(head)
                }
                #expect(try await scene.served(next).number == head.number + 1)
            }
        },
        LockStoreCase("The holder's expiry serves the next with no request coming in") { scene in
            _ = try await scene.issue(lifetime: 2)
            let acquire = try await scene.acquire(lifetime: 2)
            _ = try await scene.issue()
            let wait = try await scene.wait(2)
            try await scene.advance(1)
            #expect(acquire.isWaiting && wait.isWaiting)
            try await scene.advance(1.5)
            #expect(acquire.isWaiting == false && wait.isWaiting)
            #expect(try await scene.served(acquire).number == 1)
            // It expires its lifetime after the hand-over, which was within the last tick and a half.
            try await scene.advance(2.5)
            #expect(try await scene.served(wait).number == 2)
        },
        LockStoreCase("A chain of holders that all expire is worked off in the tickets' order") { scene in
            _ = try await scene.issue(lifetime: 1)
            var callers: [WaitingCall] = []
            for number in 1...5 {
                callers.append(try await scene.acquire(lifetime: 1, as: "\(number)"))
            }
            for number in 1...5 {
                try await scene.advance(1)
                try await scene.until("\(number) is served") { scene in scene.ended.count >= number }
            }
            #expect(scene.ended == (1...5).map { "\($0)" })
            for caller in callers { _ = try await scene.served(caller) }
        },
        LockStoreCase("Waiters that expired with the holder are passed over") { scene in
            for lifetime: Double in [2, 2, 2, 100] { _ = try await scene.issue(lifetime: lifetime) }
            let waiters = [try await scene.wait(1), try await scene.wait(2)]
            let last = try await scene.wait(3)
            try await scene.advance(2.5)
            for waiter in waiters {
                #expect(try #require(try await scene.refusal(waiter)).isGone(.expired))
            }
            #expect(try await scene.served(last).number == 3)
        },
        LockStoreCase("Shortening the holder's lifetime hands over when that has passed") { scene in
            let holder = try await scene.issue(lifetime: 1_000)
            let next = try await scene.acquire()
            _ = try await scene.extend(holder.number, by: 2)
            try await scene.advance(1)
            #expect(next.isWaiting)
            try await scene.advance(1.5)
            #expect(try await scene.served(next).number == 1)
        },
        LockStoreCase("Extending the holder's ticket keeps the next waiting") { scene in
            let holder = try await scene.issue(lifetime: 2)
            let next = try await scene.acquire()
            for _ in 0..<4 {
                try await scene.advance(1)
                _ = try await scene.extend(holder.number, by: 2)
            }
            #expect(next.isWaiting)
            try await scene.advance(2.5)
            #expect(try await scene.served(next).number == 1)
        },
        LockStoreCase("A removed waiter wakes nobody; conversations do not wake each other") { scene in
            for id in ["ada", "grace"] { for _ in 0..<3 { _ = try await scene.issue(id) } }
            let waiter = try await scene.wait(2)
            try await scene.finish(1)
            try await scene.finish(0, of: "grace")
            try await scene.delete("grace")
            try await scene.advance(1)
            #expect(waiter.isWaiting)
        },
        LockStoreCase("Of many callers at once each is alone, in the order of the tickets") { scene in
            let (callers, turns) = (8, 10)
            let store = scene.store
            let lifetime = scene.ticks(1_000)
            let served = try await withThrowingTaskGroup(of: [TicketStatus].self) { group in
                let inside = Occupancy()
                for _ in 0..<callers {
                    group.addTask { try await inside.takeTurns(turns, on: store, lifetime: lifetime) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(served.count == callers * turns)
            #expect(Set(served.map(\.number)).count == callers * turns)
            let inOrder = served.sorted { $0.number < $1.number }
            #expect(inOrder.map(\.token) == inOrder.map(\.token).sorted())
            #expect(try await scene.waiting().isSomeoneWaiting == false)
        },
    ]
}

/// Who is inside the lock.
private actor Occupancy {
    private var count = 0
    private var lastToken: FencingToken = 0

    private func enter(_ ticket: TicketStatus) {
        count += 1
        #expect(count == 1, "ticket \(ticket.number) entered beside another")
        #expect(ticket.token > lastToken, "ticket \(ticket.number) was overtaken")
        lastToken = ticket.token
    }

    private func leave() { count -= 1 }

    /// Takes the lock so many times, and cleans up after it.
    nonisolated func takeTurns(
        _ turns: Int, on store: any LockStore, lifetime: Duration
    ) async throws -> [TicketStatus] {
        let id = ConversationID("ada")
        var served: [TicketStatus] = []
        for _ in 0..<turns {
            let ticket = try await store.acquire(for: id, lifetime: lifetime, timeout: lifetime, key: nil)
                .get()
            await enter(ticket)
            await Task.yield()
            await leave()
            served.append(ticket)
            let result = try await store.cleanUp(ticket.number, token: ticket.token, of: id).get()
            #expect(result.removed)
        }
        return served
    }
}
