import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// What Rasa's own tests of its lock stores ask for, and code written for them relies on.
    package static let rasa: [LockStoreCase] = [
        LockStoreCase("test_issue_ticket: 0 is served, 1 is locked, and the last issued is known") {
            scene async throws in
            #expect(try await scene.getOrCreate().lock.lastIssued == -1)
            #expect(try await scene.issue().number == 0)
            #expect(try await scene.lock()?.lastIssued == 0)
            #expect(try await scene.status(0).isLocked == false)
            #expect(try await scene.issue().number == 1)
            #expect(try await scene.lock()?.lastIssued == 1)
            #expect(try await scene.status(1).isLocked)
            #expect(try await scene.lock()?.nowServing == 0)
        },
        LockStoreCase("test_remove_expired_tickets: the dead go and the living stay") { scene in
            for lifetime: Double in [1, 10] { _ = try await scene.issue(lifetime: lifetime) }
            #expect(try await scene.queue() == [0, 1])
            try await scene.advance(1.5)
            try await scene.update()
            #expect(try await scene.queue() == [1])
        },
        LockStoreCase("test_create_lock_store, test_get_or_create_lock: a lock that was made is found") {
            scene in
            let made = try await scene.getOrCreate("some id").lock
            #expect(try await scene.lock("some id") == made)
            #expect(try await scene.getOrCreate("some id").lock == made)
            #expect(try await scene.delete("some id"))
            #expect(try await scene.lock("some id") == nil)
        },
        LockStoreCase("test_serve_ticket: a lock is there, and empty, after its last ticket was finished") {
            scene in
            for number: TicketNumber in 0..<2 { #expect(try await scene.issue().number == number) }
            #expect(try await scene.status(0).isLocked == false)
            #expect(try await scene.status(1).isLocked)
            try await scene.finish(0)
            #expect(try await scene.status(1).isLocked == false)
            try await scene.finish(1)
            #expect(try await scene.queue() == [])
            #expect(try await scene.waiting().isSomeoneWaiting == false)
        },
        LockStoreCase("test_lock_expiration: a lock is free when its holder's lifetime has passed") { scene in
            let first = try await scene.issue(lifetime: 0.01)
            try await scene.advance(1)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(first.number) }
            let second = try await scene.issue(lifetime: 10)
            #expect(!second.isLocked && second.number != first.number)
        },
        LockStoreCase("test_ticket_lifetime: the next is served when the first one's lifetime is over") {
            scene in
            _ = try await scene.issue(lifetime: 2)
            let second = try await scene.issue(lifetime: 100)
            #expect(second.isLocked)
            try await scene.advance(2.5)
            #expect(try await scene.status(second.number).isLocked == false)
        },
        LockStoreCase("test_multiple_conversation_ids: conversations do not hold each other up") {
            scene async throws in
            for id in ["one", "two/2", "three: 3", "four*"] {
                #expect(try await scene.served(try await scene.acquire(id)).number == 0)
            }
        },
        LockStoreCase("test_message_order: who came first is served first, however long each takes") {
            scene in
            var callers: [WaitingCall] = []
            for number in 0..<5 { callers.append(try await scene.acquire(as: "\(number)")) }
            for (index, caller) in callers.enumerated() {
                let ticket = try await scene.served(caller)
                try await scene.advance(Double(index % 2))
                try await scene.cleanUp(ticket.number)
            }
            #expect(scene.ended == (0..<5).map { "\($0)" })
            #expect(try await scene.lock() == nil)
        },
        LockStoreCase("test_lock_error: a ticket that died while queued ends in an error, not in the lock") {
            scene in
            _ = try await scene.issue(lifetime: 100)
            _ = try await scene.issue(lifetime: 1)
            let waiter = try await scene.wait(1)
            try await scene.advance(1.5)
            #expect(try await scene.refusal(waiter) != nil)
            try await scene.cleanUp(0)
            #expect(try await scene.refusal(try await scene.wait(1)) == .gone(.unknown))
        },
        LockStoreCase("Lifetimes may be tiny: 0.00001 of a second is one") { scene in
            let id = ConversationID("ada")
            for number: TicketNumber in 0..<3 {
                let lifetime = Duration.microseconds(10)
                let ticket = try await scene.store.issueTicket(for: id, lifetime: lifetime, key: nil).get()
                #expect(ticket.number == number && !ticket.isLocked)
                try await scene.advance(0.5)
                #expect(try await scene.queue() == [])
            }
        },
    ]
}
