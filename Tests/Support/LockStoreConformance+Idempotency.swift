import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// A request sent again with its idempotency key.
    package static let idempotency: [LockStoreCase] = [
        LockStoreCase("A repeated issue gets the first one's ticket, which lives no longer for it") { scene in
            let first = try await scene.issue(lifetime: 3, key: "k")
            try await scene.advance(1)
            #expect(try await scene.issue(lifetime: 3, key: "k") == first)
            #expect(try await scene.queue() == [0])
            #expect(await scene.store.statistics().idempotencyKeyCount == 1)
            try await scene.advance(2.5)
            #expect(try await scene.queue() == [])
        },
        LockStoreCase("A key means something within one conversation, and another key another ticket") {
            scene in
            let first = try await scene.issue("ada", key: "k")
            #expect(try await scene.issue("ada", key: "K").number == 1)
            #expect(try await scene.issue("ada").number == 2)
            let other = try await scene.issue("grace", key: "k")
            #expect(other.number == 0)
            #expect(try await scene.issue("ada", key: "k") == first)
            #expect(try await scene.issue("grace", key: "k") == other)
        },
        LockStoreCase("A key whose first request was another one is refused") { scene in
            let first = try await scene.issue(lifetime: 10, key: "k")
            await #expect(throws: Refusal.idempotencyKeyReused) {
                try await scene.issue(lifetime: 11, key: "k")
            }
            let acquire = try await scene.acquire(lifetime: 10, key: "k")
            #expect(try await scene.refusal(acquire) == .idempotencyKeyReused)
            _ = try await scene.acquire(lifetime: 10, key: "a")
            await #expect(throws: Refusal.idempotencyKeyReused) {
                try await scene.issue(lifetime: 10, key: "a")
            }
            #expect(try await scene.queue() == [first.number, 1])
        },
        LockStoreCase("When the ticket is gone its key takes a new one, however it went") { scene in
            for number: TicketNumber in 0..<6 {
                let ticket = try await scene.issue(lifetime: 2, key: "k")
                #expect(ticket.number == number)
                switch number {
                case 0: try await scene.finish(number)
                case 1: try await scene.cleanUp(number)
                case 2: try await scene.delete()
                case 3: try await scene.withdraw(ticket)
                default: try await scene.advance(2.5)
                }
                #expect(await scene.store.statistics().idempotencyKeyCount == 0)
            }
        },
        LockStoreCase("A repeated acquire joins the first: one ticket, both are told") { scene in
            _ = try await scene.issue()
            let first = try await scene.acquire(key: "k")
            let second = try await scene.acquire(key: "k")
            #expect(try await scene.queue() == [0, 1])
            try await scene.finish(0)
            let served = try await scene.served(first)
            #expect(try await scene.served(second) == served)
            // And so is a third, which comes when the ticket is being served.
            let third = try await scene.served(try await scene.acquire(timeout: 0, key: "k"))
            #expect(third == served)
            #expect(try await scene.queue() == [1])
        },
        LockStoreCase("The ticket survives one of two callers going away, and goes with the last") { scene in
            for leavesFirst in [true, false] {
                let holder = try await scene.issue()
                let callers = [try await scene.acquire(key: "k"), try await scene.acquire(key: "k")]
                let (leaving, staying) = (callers[leavesFirst ? 0 : 1], callers[leavesFirst ? 1 : 0])
                leaving.cancel()
                await #expect(throws: LockStoreError.self) { try await scene.answer(leaving) }
                #expect(staying.isWaiting)
                let queued = try await scene.queue()
                #expect(queued == [holder.number, holder.number + 1])
                staying.cancel()
                await #expect(throws: LockStoreError.self) { try await scene.answer(staying) }
                #expect(try await scene.queue() == [holder.number])
                try await scene.finish(holder.number)
            }
        },
        LockStoreCase("The ticket survives one of two callers timing out, whichever it is") { scene in
            for timeouts: [Double] in [[2, 100], [100, 2]] {
                let holder = try await scene.issue()
                var callers: [WaitingCall] = []
                for timeout in timeouts {
                    callers.append(try await scene.acquire(lifetime: 1, timeout: timeout, key: "k"))
                }
                try await scene.advance(2.5)
                let early = callers.remove(at: timeouts[0] == 2 ? 0 : 1)
                #expect(try await scene.refusal(early) == .acquireTimeout)
                try await scene.finish(holder.number)
                #expect(try await scene.served(callers[0]).number == holder.number + 1)
                try await scene.finish(holder.number + 1)
            }
        },
        LockStoreCase("A repeated acquire with no time to wait does not withdraw the first one's ticket") {
            scene in
            _ = try await scene.issue()
            let first = try await scene.acquire(key: "k")
            let second = try await scene.acquire(timeout: 0, key: "k")
            #expect(try await scene.refusal(second) == .acquireTimeout)
            #expect(try await scene.queue() == [0, 1])
            try await scene.finish(0)
            #expect(try await scene.served(first).number == 1)
        },
        LockStoreCase("A caller of wait does not keep the ticket of an acquire that went away") { scene in
            _ = try await scene.issue()
            let caller = try await scene.acquire()
            let waiter = try await scene.wait(1)
            caller.cancel()
            #expect(try #require(try await scene.refusal(waiter)).isGone(.removed))
            #expect(try await scene.queue() == [0])
        },
    ]
}
