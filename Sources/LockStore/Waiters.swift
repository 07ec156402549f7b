package import TicketLock

/// A caller of wait or acquire that waits for its ticket. Loop thread only.
///
/// `@unchecked Sendable` for that reason: only the reference travels.
package final class Waiter: @unchecked Sendable {
    package let id: ConversationID
    package let number: TicketNumber
    package let token: FencingToken
    /// Those who wait for the same ticket of a store have the same.
    package let group: UInt64
    /// It gives the ticket up when it stops waiting.
    package let isAcquire: Bool
    /// Others may have got the ticket too, with the same idempotency key.
    package let hasKey: Bool
    /// Nil once its waiting has ended.
    private var reply: (any LockReply)?
    /// Another waiter for the same ticket.
    fileprivate var next: Waiter?
    fileprivate var key: Int32 = -1
    /// The key of the waiter whose `next` this one is; -1 for the first of a ticket's.
    fileprivate var previousKey: Int32 = -1

    /// - Parameter group: the ticket's token, unless tokens are not unique in the store.
    package init(
        _ reply: any LockReply, id: ConversationID, status: TicketStatus, isAcquire: Bool,
        hasKey: Bool = false,
        group: UInt64? = nil
    ) {
        self.reply = reply
        self.id = id
        number = status.number
        token = status.token
        self.group = group ?? status.token
        self.isAcquire = isAcquire
        self.hasKey = hasKey
        reply.waiter = self
    }

    /// What gives its ticket up.
    package var withdrawal: LockCall { LockCall(.withdraw(number, token), for: id) }

    /// Ends the waiting: what is to be answered, which the caller has to do from now on. Once, and only of a waiter
    /// that is not among ``Waiters`` any more.
    package func takeReply() -> any LockReply {
        guard let reply else { preconditionFailure("the waiting has ended already") }
        self.reply = nil
        reply.waiter = nil
        return reply
    }
}

/// The waiting callers of a store, by ticket and by when their timeout passes.
package struct Waiters {
    private var byGroup: [UInt64: Waiter] = [:]
    private var byKey: [Waiter?] = []
    private var free: [Int] = []
    private var deadlines = DeadlineHeap()

    package init() {}

    package var count: Int { deadlines.count }
    /// `mutating` so that nothing is copied, with a retain for each array, to be asked after every request.
    package var nextDeadline: Instant? { mutating get { deadlines.first?.due } }

    package mutating func add(_ waiter: Waiter, until due: Instant) {
        waiter.next = byGroup.updateValue(waiter, forKey: waiter.group)
        if let key = free.popLast() {
            waiter.key = Int32(key)
            byKey[key] = waiter
        } else {
            waiter.key = Int32(byKey.count)
            byKey.append(waiter)
        }
        waiter.next?.previousKey = waiter.key
        deadlines.set(Int(waiter.key), to: due)
    }

    /// Takes out one of those who wait for a ticket.
    package mutating func takeOne(of group: UInt64) -> Waiter? {
        guard let waiter = byGroup[group] else { return nil }
        _ = remove(waiter)
        return waiter
    }

    /// The waiter whose timeout has passed longest ago, if any has.
    package func firstDue(at now: Instant) -> Waiter? {
        guard let first = deadlines.first, first.due <= now else { return nil }
        return byKey[first.key]
    }

    /// All of them, in no particular order.
    package var all: [Waiter] { byKey.compactMap { $0 } }

    /// Takes a waiter out; false when it had been before.
    package mutating func remove(_ waiter: Waiter) -> Bool {
        guard waiter.key >= 0 else { return false }
        // Many may wait for one ticket, and all go away at once: nobody looks through them all.
        if waiter.previousKey < 0 {
            byGroup[waiter.group] = waiter.next
        } else {
            byKey[Int(waiter.previousKey)]?.next = waiter.next
        }
        waiter.next?.previousKey = waiter.previousKey
        forget(waiter)
        return true
    }

    private mutating func forget(_ waiter: Waiter) {
        deadlines.remove(Int(waiter.key))
        byKey[Int(waiter.key)] = nil
        free.append(Int(waiter.key))
        waiter.key = -1
        waiter.previousKey = -1
        waiter.next = nil
    }
}
