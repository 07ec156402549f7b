import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// The order of the queue, finish_serving, extend and is_someone_waiting.
    package static let queue: [LockStoreCase] = [
        LockStoreCase("Tickets are served in their order, and know how many are ahead") { scene in
            for number in 0..<4 {
                let ticket = try await scene.issue()
                #expect(ticket.position == number)
                #expect(ticket.isLocked == (number > 0))
                #expect(ticket.nowServing == 0)
            }
            for number: TicketNumber in 0..<4 {
                #expect(try await scene.status(number).isLocked == false)
                let result = try await scene.finish(number)
                #expect(result.removed)
                #expect(result.isSomeoneWaiting == (number < 3))
                #expect(result.nowServing == (number < 3 ? number + 1 : 0))
                for later in number + 1..<4 {
                    #expect(try await scene.status(later).position == Int(later - number) - 1)
                }
            }
        },
        LockStoreCase("Any ticket may leave from anywhere; the others keep their order") { scene in
            for _ in 0..<6 { _ = try await scene.issue() }
            for number: TicketNumber in [3, 5, 1] { #expect(try await scene.finish(number).nowServing == 0) }
            #expect(try await scene.queue() == [0, 2, 4])
            #expect(try await scene.status(4).position == 2)
            #expect(try await scene.finish(0).nowServing == 2)
            #expect(try await scene.issue().number == 6)
            #expect(try await scene.queue() == [2, 4, 6])
        },
        LockStoreCase("Finishing what is not there changes and creates nothing") { scene in
            let result = try await scene.finish(0)
            #expect(!result.removed && result.nowServing == 0 && !result.isSomeoneWaiting)
            #expect(try await scene.lock() == nil)
            _ = try await scene.issue()
            let before = try await scene.lock()
            for number: TicketNumber in [-1, 1, .max] {
                let result = try await scene.finish(number)
                #expect(!result.removed && result.isSomeoneWaiting)
            }
            #expect(try await scene.lock() == before)
            #expect(try await scene.finish(0).removed)
            #expect(try await scene.finish(0).removed == false)
        },
        LockStoreCase("Expired tickets are invisible, wherever they stand") { scene in
            for lifetime: Double in [10, 1, 10, 1] { _ = try await scene.issue(lifetime: lifetime) }
            try await scene.advance(1.5)
            #expect(try await scene.queue() == [0, 2])
            #expect(try await scene.status(2).position == 1)
            #expect(try await scene.waiting().holds(true, 1, 0))
            #expect(try await scene.finish(1).removed == false)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(3) }
            try await scene.advance(9)
            #expect(try await scene.queue() == [])
            #expect(try await scene.waiting().holds(false, 0, 0))
        },
        LockStoreCase("A ticket is served only if it is at the head, not because its number matches") {
            scene in
            _ = try await scene.issue(lifetime: 1)
            try await scene.advance(1.5)
            #expect(try await scene.lock()?.nowServing == 0)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(0) }
        },
        LockStoreCase("Someone is waiting while the queue is not empty: the one served counts") { scene in
            #expect(try await scene.waiting().holds(false, 0, 0))
            #expect(try await scene.lock() == nil)
            try await scene.getOrCreate()
            #expect(try await scene.waiting().holds(false, 0, 0))
            for number in 0..<3 {
                _ = try await scene.issue()
                #expect(try await scene.waiting().holds(true, number, 0))
            }
            try await scene.finish(0)
            #expect(try await scene.waiting().holds(true, 1, 1))
        },
        LockStoreCase("A token that is not the ticket's is refused, and changes nothing") { scene in
            let ticket = try await scene.issue()
            let before = try await scene.lock()
            let wrong = ticket.token + 1
            await #expect(throws: Refusal.tokenMismatch) { try await scene.finish(0, token: wrong) }
            await #expect(throws: Refusal.tokenMismatch) { try await scene.cleanUp(0, token: wrong) }
            await #expect(throws: Refusal.tokenMismatch) { try await scene.extend(0, by: 1, token: wrong) }
            await #expect(throws: Refusal.tokenMismatch) { try await scene.status(0, token: wrong) }
            #expect(try await scene.lock() == before)
            #expect(try await scene.status(0, token: ticket.token) == ticket)
            #expect(try await scene.extend(0, by: 2_000, token: ticket.token).expires > ticket.expires)
            #expect(try await scene.finish(0, token: ticket.token).removed)
            // What is gone is gone, whatever the token.
            #expect(try await scene.finish(0, token: wrong).removed == false)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(0, token: wrong) }
        },
        LockStoreCase("Extend lets a live ticket expire its lifetime from now, longer or shorter") { scene in
            let ticket = try await scene.issue(lifetime: 2)
            try await scene.advance(1)
            let extended = try await scene.extend(ticket.number, by: 2)
            #expect(extended.expires > ticket.expires)
            #expect(extended.token == ticket.token)
            try await scene.advance(1.5)
            #expect(try await scene.status(ticket.number).expires == extended.expires)
            try await scene.advance(1)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.extend(ticket.number, by: 2) }
            let other = try await scene.issue(lifetime: 100)
            #expect(try await scene.extend(other.number, by: 1).expires < other.expires)
            try await scene.advance(1.5)
            #expect(try await scene.queue() == [])
        },
        LockStoreCase("Withdraw takes back the ticket with that token only") { scene in
            let (head, tail) = (try await scene.issue(), try await scene.issue())
            try await scene.store.withdraw(0, token: tail.token, of: ConversationID("ada"))
            try await scene.store.withdraw(9, token: head.token, of: ConversationID("ada"))
            try await scene.withdraw(head, of: "grace")
            #expect(try await scene.queue() == [0, 1])
            #expect(try await scene.lock("grace") == nil)
            let waiter = try await scene.wait(1)
            for _ in 0..<2 { try await scene.withdraw(head) }
            #expect(try await scene.served(waiter).number == 1)
            #expect(try await scene.queue() == [1])
        },
    ]
}
