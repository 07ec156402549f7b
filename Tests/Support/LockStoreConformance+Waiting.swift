import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// What a caller of wait is told, and when.
    package static let waiting: [LockStoreCase] = [
        LockStoreCase("Waiting for the ticket that is served is answered at once") { scene in
            let ticket = try await scene.issue()
            let waiter = try await scene.wait(ticket.number, token: ticket.token)
            #expect(try await scene.served(waiter) == ticket)
        },
        LockStoreCase("A waiter is answered when its ticket is served, and no earlier") { scene in
            for _ in 0..<3 { _ = try await scene.issue() }
            let waiter = try await scene.wait(2)
            try await scene.finish(1)
            try await scene.advance(1)
            #expect(waiter.isWaiting)
            try await scene.finish(0)
            let served = try await scene.served(waiter)
            #expect(served.number == 2 && served.position == 0 && served.nowServing == 2)
            #expect(await scene.store.statistics().waiterCount == 0)
        },
        LockStoreCase("A waiter whose ticket expires is told so at once, with no request coming in") {
            scene in
            for lifetime: Double in [100, 2] { _ = try await scene.issue(lifetime: lifetime) }
            let waiter = try await scene.wait(1)
            try await scene.advance(1)
            #expect(waiter.isWaiting)
            try await scene.advance(1.5)
            #expect(try #require(try await scene.refusal(waiter)).isGone(.expired))
        },
        LockStoreCase("The lifetime of a ticket from issue_ticket runs from its issue, waiting or not") {
            scene in
            _ = try await scene.issue(lifetime: 2)
            _ = try await scene.issue(lifetime: 4)
            let waiter = try await scene.wait(1)
            try await scene.advance(3)
            let served = try await scene.served(waiter)
            try await scene.advance(1.5)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(served.number) }
        },
        LockStoreCase("A waiter whose ticket is removed by somebody is told so at once") { scene in
            for _ in 0..<3 { _ = try await scene.issue() }
            let finished = try await scene.wait(1)
            let cleanedUp = try await scene.wait(2)
            try await scene.finish(1)
            #expect(try #require(try await scene.refusal(finished)).isGone(.removed))
            #expect(cleanedUp.isWaiting)
            try await scene.cleanUp(2)
            #expect(try #require(try await scene.refusal(cleanedUp)).isGone(.removed))
        },
        LockStoreCase("The waiters of a deleted lock are told so at once, and no others") { scene in
            for id in ["ada", "ada", "ada", "grace", "grace"] { _ = try await scene.issue(id) }
            let waiters = [try await scene.wait(1), try await scene.wait(2)]
            let other = try await scene.wait(1, of: "grace")
            try await scene.delete()
            for waiter in waiters {
                #expect(try #require(try await scene.refusal(waiter)).isGone(.lockDeleted))
            }
            try await scene.settle()
            #expect(other.isWaiting)
        },
        LockStoreCase("When the timeout passes the ticket keeps its place, and can be waited for again") {
            scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            let waiter = try await scene.wait(1, timeout: 2)
            try await scene.advance(1)
            #expect(waiter.isWaiting)
            try await scene.advance(1.5)
            let status = try await scene.answer(waiter).get()
            #expect(status.isLocked && status.number == 1 && status.position == 1)
            #expect(try await scene.queue() == [0, 1])
            let again = try await scene.wait(1, timeout: 2)
            try await scene.finish(0)
            #expect(try await scene.served(again).token == status.token)
        },
        LockStoreCase("With no time to wait the ticket's state is answered at once") { scene in
            let tickets = [try await scene.issue(), try await scene.issue()]
            for (ticket, number) in zip(tickets, 0...) {
                let answer = try await scene.answer(try await scene.wait(TicketNumber(number), timeout: 0))
                #expect(answer == .success(ticket))
            }
            #expect(try await scene.queue() == [0, 1])
        },
        LockStoreCase("A waiter that goes away leaves its ticket where it is") { scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            let leaving = try await scene.wait(1)
            let staying = try await scene.wait(1)
            leaving.cancel()
            await #expect(throws: LockStoreError.self) { try await scene.answer(leaving) }
            #expect(try await scene.queue() == [0, 1])
            #expect(staying.isWaiting)
            try await scene.finish(0)
            #expect(try await scene.served(staying).number == 1)
        },
        LockStoreCase("A caller that had gone away before it waited does not wait, and leaves its ticket") {
            scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            let gone = try await scene.wait(1, isCancelled: true)
            await #expect { try await scene.answer(gone) } throws: {
                ($0 as? LockStoreError)?.code == .cancelled
            }
            #expect(await scene.store.statistics().waiterCount == 0)
            #expect(try await scene.queue() == [0, 1])
        },
        LockStoreCase("All who wait for one ticket are answered") { scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            var waiters: [WaitingCall] = []
            for number in 0..<5 { waiters.append(try await scene.wait(1, timeout: number == 2 ? 1 : 1_000)) }
            try await scene.advance(1.5)
            #expect(try await scene.answer(waiters.remove(at: 2)).get().isLocked)
            waiters.remove(at: 1).cancel()
            try await scene.finish(0)
            for waiter in waiters { #expect(try await scene.served(waiter).number == 1) }
        },
        LockStoreCase("Waiting with a wrong token, or for no ticket, is refused at once") { scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            #expect(try await scene.refusal(try await scene.wait(1, token: 999_999)) == .tokenMismatch)
            #expect(try await scene.refusal(try await scene.wait(2)) == .neverIssued)
            #expect(try await scene.refusal(try await scene.wait(0, of: "grace")) == .neverIssued)
            #expect(try await scene.lock("grace") == nil)
            try await scene.finish(1)
            #expect(try await scene.refusal(try await scene.wait(1)) == .gone(.unknown))
        },
        LockStoreCase("A waiter whose ticket is extended waits on, and is told when that expires") { scene in
            for lifetime: Double in [100, 2] { _ = try await scene.issue(lifetime: lifetime) }
            let waiter = try await scene.wait(1)
            try await scene.advance(1)
            _ = try await scene.extend(1, by: 3)
            try await scene.advance(2)
            #expect(waiter.isWaiting)
            try await scene.advance(1.5)
            #expect(try #require(try await scene.refusal(waiter)).isGone(.expired))
        },
    ]
}
