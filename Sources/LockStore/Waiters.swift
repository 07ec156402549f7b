package import TicketLock

/// A caller of wait or acquire that waits for its ticket. Loop thread only.
///
/// `@unchecked Sendable`: it is made and used inside the store's isolation; only the reference travels
/// through a cancellation handler.
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
    /// Another waiter for the same ticket.
    fileprivate var next: Waiter?
    fileprivate var key: Int32 = -1
    /// The key of the waiter whose `next` this one is; -1 for the first of a ticket's.
    fileprivate var previousKey: Int32 = -1
    private var state = State.fresh

    private enum State {
        case fresh
        case waiting(UnsafeContinuation<Void, Never>)
        case ended(WaitResult)
    }

    /// - Parameter group: the ticket's token, unless tokens are not unique in the store.
    package init(
        id: ConversationID, status: TicketStatus, isAcquire: Bool, hasKey: Bool = false, group: UInt64? = nil
    ) {
        self.id = id
        number = status.number
        token = status.token
        self.group = group ?? status.token
        self.isAcquire = isAcquire
        self.hasKey = hasKey
    }

    /// Returns when the waiting has ended.
    package func end(isolation: isolated (any Actor)?) async {
        if case .ended = state { return }
        await withUnsafeContinuation { state = .waiting($0) }
    }

    /// What the waiting has ended with.
    package func answer() throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        switch state {
        case .ended(.answered(let answer)): return answer
        case .ended(.failed(let error)): throw error
        case .fresh, .waiting: preconditionFailure("the waiting has not ended")
        }
    }

    /// Ends its waiting, or lets it not begin. A waiter among ``Waiters`` is resolved there.
    package func resolve(_ result: WaitResult) {
        let before = state
        if case .ended = before { return }
        state = .ended(result)
        if case .waiting(let continuation) = before { continuation.resume() }
    }
}

/// Indirect, so that a caller that waits keeps no room for what it will be told.
package indirect enum WaitResult: Sendable {
    case answered(Result<TicketStatus, Refusal>)
    case failed(LockStoreError)

    /// Made anew each time: kept, with the enum's bits in its address, it would be a leak to the address sanitizer.
    package static var cancelled: WaitResult {
        .failed(LockStoreError(.cancelled, "the caller stopped waiting"))
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

    /// Ends the waiting of all who wait for a ticket; each gets its result from `result`.
    package mutating func resolveAll(_ group: UInt64, _ result: (Waiter) -> Result<TicketStatus, Refusal>) {
        endAll(group) { .answered(result($0)) }
    }

    /// Ends the waiting of all who wait for a ticket, whatever it ends with.
    package mutating func endAll(_ group: UInt64, _ result: (Waiter) -> WaitResult) {
        var waiter = byGroup.removeValue(forKey: group)
        while let current = waiter {
            waiter = current.next
            forget(current)
            current.resolve(result(current))
        }
    }

    /// Ends one waiter's waiting; false when it had ended before.
    package mutating func resolve(_ waiter: Waiter, _ result: WaitResult) -> Bool {
        guard remove(waiter) else { return false }
        waiter.resolve(result)
        return true
    }

    /// The waiter whose timeout has passed longest ago, if any has.
    package func firstDue(at now: Instant) -> Waiter? {
        guard let first = deadlines.first, first.due <= now else { return nil }
        return byKey[first.key]
    }

    /// All of them, in no particular order.
    package var all: [Waiter] { byKey.compactMap { $0 } }

    /// Takes a waiter out whose waiting the caller ends; false when it had ended before.
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
