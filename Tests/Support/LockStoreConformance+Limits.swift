import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// The limits at their edges, and shutting down.
    package static let limits: [LockStoreCase] = [
        LockStoreCase(
            "A queue takes the tickets it may hold and not one more",
            limits: { limits, _ in limits.ticketsPerLockMax = 3 },
            body: { scene in
                for _ in 0..<3 { _ = try await scene.issue(lifetime: 2, key: "once") }
                for _ in 0..<2 { _ = try await scene.issue() }
                await #expect(throws: Refusal.queueFull) { try await scene.issue() }
                #expect(try await scene.refusal(try await scene.acquire()) == .queueFull)
                #expect(try await scene.queue() == [0, 1, 2])
                // A repeated request takes no place, nor do the finished and the expired.
                #expect(try await scene.issue(lifetime: 2, key: "once").number == 0)
                try await scene.finish(1)
                #expect(try await scene.issue().number == 3)
                try await scene.advance(2.5)
                #expect(try await scene.issue().number == 4)
                await #expect(throws: Refusal.queueFull) { try await scene.issue() }
                #expect(try await scene.issue("grace").number == 0)
            }),
        LockStoreCase(
            "When locks are at their maximum the longest-idle empty one goes; with none empty it is refused",
            limits: { limits, _ in limits.locksMax = 3 },
            body: { scene in
                for id in ["a", "b", "c"] { try await scene.finish(try await scene.issue(id).number, of: id) }
                _ = try await scene.lock("a")
                try await scene.getOrCreate("d")
                #expect(try await scene.lock("b") == nil)
                #expect(try await scene.lock("a") != nil)
                for id in ["a", "c", "d"] { _ = try await scene.issue(id) }
                await #expect(throws: Refusal.tooManyLocks) { try await scene.issue("b") }
                await #expect(throws: Refusal.tooManyLocks) { try await scene.getOrCreate("b") }
                #expect(try await scene.refusal(try await scene.acquire("b")) == .tooManyLocks)
                #expect(try await scene.getOrCreate("d").created == false)
                // The lock that had to go still has its next number.
                try await scene.cleanUp(0, of: "d")
                #expect(try await scene.issue("b").number == 1)
                #expect(await scene.store.statistics().lockCount == 3)
            }),
        LockStoreCase("Other limits hold from when they are set; what is there stays") { scene in
            for _ in 0..<3 { _ = try await scene.issue() }
            var limits = LockLimits()
            limits.ticketsPerLockMax = 2
            limits.locksMax = 1
            await scene.store.setLimits(limits)
            await #expect(throws: Refusal.queueFull) { try await scene.issue() }
            await #expect(throws: Refusal.tooManyLocks) { try await scene.issue("grace") }
            #expect(try await scene.queue() == [0, 1, 2])
            for number: TicketNumber in 0..<2 { try await scene.finish(number) }
            #expect(try await scene.issue().number == 3)
            await scene.store.setLimits(LockLimits())
            #expect(try await scene.issue("grace").number == 0)
        },
        LockStoreCase("Statistics count what there is and what became of the tickets") { scene in
            _ = try await scene.issue(lifetime: 1)
            _ = try await scene.issue(lifetime: 1)
            let caller = try await scene.acquire()
            var statistics = await scene.store.statistics()
            #expect(statistics.lockCount == 1 && statistics.ticketCount == 3 && statistics.waiterCount == 1)
            try await scene.advance(1.5)
            try await scene.finish(try await scene.served(caller).number)
            _ = try await scene.issue()
            _ = try await scene.acquire(timeout: 0)
            try await scene.delete()
            statistics = await scene.store.statistics()
            #expect(statistics.lockCount == 0 && statistics.ticketCount == 0 && statistics.waiterCount == 0)
            #expect(statistics.tickets.issued == 5)
            #expect(statistics.tickets.expiredHeld == 1 && statistics.tickets.expiredWaiting == 1)
            #expect(statistics.tickets.finished == 1)
            #expect(statistics.tickets.withdrawn == 1 && statistics.tickets.deleted == 1)
            try await scene.store.checkReady()
        },
    ]

    package static let shutDown: [LockStoreCase] = [
        LockStoreCase("Shutting down answers all who wait, with their tickets, which keep their places") {
            scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            let wait = try await scene.wait(1)
            let acquire = try await scene.acquire(timeout: 100)
            await scene.store.shutDown()
            for (caller, number): (WaitingCall, TicketNumber) in [(wait, 1), (acquire, 2)] {
                let refusal = try await scene.refusal(caller)
                guard case .shuttingDown(let status) = refusal else {
                    Issue.record("\(String(describing: refusal))")
                    continue
                }
                #expect(status?.number == number && status?.isLocked == true)
            }
            #expect(try await scene.queue() == [0, 1, 2])
            #expect(await scene.store.statistics().waiterCount == 0)
        },
        LockStoreCase("While shutting down, who would wait is answered at once; all else goes on") { scene in
            await scene.store.shutDown()
            let holder = try await scene.served(try await scene.acquire())
            let status = try await scene.issue()
            #expect(try await scene.refusal(try await scene.wait(1)) == .shuttingDown(status))
            let acquire = try await scene.refusal(try await scene.acquire())
            guard case .shuttingDown(let queued) = acquire else {
                Issue.record("\(String(describing: acquire))")
                return
            }
            #expect(queued?.number == 2)
            #expect(try await scene.status(1) == status)
            #expect(try await scene.finish(holder.number).removed)
            #expect(try await scene.served(try await scene.wait(1)).number == 1)
            #expect(try await scene.queue() == [1, 2])
        },
    ]
}
