import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// Acquire: issue, wait and extend in one call.
    package static let acquire: [LockStoreCase] = [
        LockStoreCase("A free lock is acquired at once, for the lifetime from now") { scene in
            let ticket = try await scene.served(try await scene.acquire(lifetime: 2, timeout: 100))
            #expect(ticket.number == 0)
            try await scene.advance(1)
            #expect(try await scene.status(0, token: ticket.token).expires == ticket.expires)
            try await scene.advance(1.5)
            #expect(try await scene.queue() == [])
        },
        LockStoreCase("A free lock is acquired even with no time to wait") { scene async throws in
            #expect(try await scene.served(try await scene.acquire(timeout: 0)).number == 0)
            #expect(try await scene.queue() == [0])
        },
        LockStoreCase("While queued the ticket outlives its lifetime, which starts when it is served") {
            scene in
            let holder = try await scene.issue(lifetime: 100)
            let caller = try await scene.acquire(lifetime: 2, timeout: 100)
            try await scene.advance(5)
            #expect(try await scene.queue() == [0, 1])
            try await scene.finish(holder.number)
            let served = try await scene.served(caller)
            try await scene.advance(1)
            #expect(try await scene.status(1).expires == served.expires)
            try await scene.advance(1.5)
            #expect(try await scene.queue() == [])
        },
        LockStoreCase("A long lifetime does not let a queued ticket outlive its caller's timeout") { scene in
            _ = try await scene.issue()
            let caller = try await scene.acquire(lifetime: 1_000, timeout: 2)
            try await scene.advance(1)
            #expect(try await scene.queue() == [0, 1])
            try await scene.advance(1.5)
            #expect(try await scene.refusal(caller) == .acquireTimeout)
            #expect(try await scene.queue() == [0])
        },
        LockStoreCase("With no time to wait a taken lock is refused, and no ticket is left") { scene in
            _ = try await scene.issue()
            #expect(try await scene.refusal(try await scene.acquire(timeout: 0)) == .acquireTimeout)
            #expect(try await scene.queue() == [0])
            #expect(try await scene.issue().number == 2)
        },
        LockStoreCase("A caller that goes away loses its place at once, and the next is served") { scene in
            _ = try await scene.issue()
            let leaving = try await scene.acquire()
            let staying = try await scene.acquire()
            leaving.cancel()
            await #expect { try await scene.answer(leaving) } throws: {
                ($0 as? LockStoreError)?.code == .cancelled
            }
            #expect(try await scene.queue() == [0, 2])
            try await scene.finish(0)
            #expect(try await scene.served(staying).number == 2)
            #expect(await scene.store.statistics().waiterCount == 0)
        },
        LockStoreCase("A caller that had gone away before it queued leaves no ticket") { scene in
            _ = try await scene.issue()
            let gone = try await scene.acquire(isCancelled: true)
            await #expect(throws: LockStoreError.self) { try await scene.answer(gone) }
            #expect(try await scene.queue() == [0])
        },
        LockStoreCase("A caller that times out in the middle hands nothing over to those behind it") {
            scene in
            _ = try await scene.issue()
            let first = try await scene.acquire(timeout: 2)
            let second = try await scene.acquire(timeout: 100)
            try await scene.advance(2.5)
            #expect(try await scene.refusal(first) == .acquireTimeout)
            #expect(second.isWaiting)
            #expect(try await scene.status(2).position == 1)
            try await scene.finish(0)
            #expect(try await scene.served(second).number == 2)
        },
        LockStoreCase("A caller whose ticket is taken away is told so at once") { scene in
            _ = try await scene.issue()
            let removed = try await scene.acquire()
            let deleted = try await scene.acquire()
            try await scene.finish(1)
            #expect(try #require(try await scene.refusal(removed)).isGone(.removed))
            #expect(deleted.isWaiting)
            try await scene.delete()
            #expect(try #require(try await scene.refusal(deleted)).isGone(.lockDeleted))
        },
        LockStoreCase("A served ticket that its caller was not told of is withdrawn and handed on") { scene in
            let first = try await scene.served(try await scene.acquire())
            let next = try await scene.acquire()
            try await scene.withdraw(first)
            #expect(try await scene.served(next).number == 1)
        },
        LockStoreCase("Acquired and issued tickets stand in one queue") { scene in
            _ = try await scene.issue()
            let first = try await scene.acquire(as: "first")
            _ = try await scene.issue()
            let second = try await scene.wait(2, as: "second")
            let third = try await scene.acquire(as: "third")
            #expect(try await scene.queue() == [0, 1, 2, 3])
            for (index, caller) in [first, second, third].enumerated() {
                try await scene.finish(TicketNumber(index))
                #expect(try await scene.served(caller).number == TicketNumber(index) + 1)
            }
            #expect(scene.ended == ["first", "second", "third"])
        },
        LockStoreCase("An acquired ticket can be extended and cleaned up as any other") { scene in
            let ticket = try await scene.served(try await scene.acquire(lifetime: 2))
            #expect(try await scene.extend(0, by: 100, token: ticket.token).expires > ticket.expires)
            try await scene.advance(3)
            let result = try await scene.cleanUp(0, token: ticket.token)
            #expect(result.removed && result.deleted)
        },
    ]
}
