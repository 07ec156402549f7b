import TicketLock

/// A caller of wait or acquire that waits for its ticket. Loop thread only.
///
/// `@unchecked Sendable`: it is made and used inside the store's isolation; only the reference travels
/// through a cancellation handler.
final class Waiter: @unchecked Sendable {
    let id: ConversationID
    let number: TicketNumber
    let token: FencingToken
    /// It gives the ticket up when it stops waiting.
    let isAcquire: Bool
    /// Another waiter for the same ticket.
    fileprivate(set) var next: Waiter?
    fileprivate var key: Int32 = -1
    /// The key of the waiter whose `next` this one is; -1 for the first of a ticket's.
    fileprivate var previousKey: Int32 = -1
    private var continuation: UnsafeContinuation<Void, Never>?
    private var result: WaitResult?

    init(id: ConversationID, status: TicketStatus, isAcquire: Bool) {
        self.id = id
        number = status.number
        token = status.token
        self.isAcquire = isAcquire
    }

    /// Returns when the waiting has ended.
    func end(isolation: isolated (any Actor)?) async {
        guard result == nil else { return }
        await withUnsafeContinuation { continuation = $0 }
    }

    /// What the waiting has ended with.
    func answer() throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        switch result {
        case .answered(let answer): return answer
        case .cancelled: throw LockStoreError(.cancelled, "the caller stopped waiting")
        case nil: preconditionFailure("the waiting has not ended")
        }
    }

    /// Ends its waiting, or lets it not begin. A waiter among ``Waiters`` is resolved there.
    func resolve(_ result: WaitResult) {
        guard self.result == nil else { return }
        self.result = result
        continuation?.resume()
        continuation = nil
    }
}

/// Indirect, so that a caller that waits keeps no room for what it will be told.
enum WaitResult: Sendable {
    indirect case answered(Result<TicketStatus, Refusal>)
    case cancelled
}

/// The waiting callers of a store, by ticket and by when their timeout passes.
struct Waiters {
    private var byToken: [FencingToken: Waiter] = [:]
    private var byKey: [Waiter?] = []
    private var free: [Int] = []
    private var deadlines = DeadlineHeap()

    var count: Int { deadlines.count }
    /// `mutating` so that nothing is copied, with a retain for each array, to be asked after every request.
    var nextDeadline: Instant? { mutating get { deadlines.first?.due } }

    mutating func add(_ waiter: Waiter, until due: Instant) {
        waiter.next = byToken.updateValue(waiter, forKey: waiter.token)
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
    mutating func resolveAll(_ token: FencingToken, _ result: (Waiter) -> Result<TicketStatus, Refusal>) {
        var waiter = byToken.removeValue(forKey: token)
        while let current = waiter {
            waiter = current.next
            forget(current)
            current.resolve(.answered(result(current)))
        }
    }

    /// Ends one waiter's waiting; false when it had ended before.
    mutating func resolve(_ waiter: Waiter, _ result: WaitResult) -> Bool {
        guard remove(waiter) else { return false }
        waiter.resolve(result)
        return true
    }

    /// The waiter whose timeout has passed longest ago, if any has.
    func firstDue(at now: Instant) -> Waiter? {
        guard let first = deadlines.first, first.due <= now else { return nil }
        return byKey[first.key]
    }

    /// All of them, in no particular order.
    var all: [Waiter] { byKey.compactMap { $0 } }

    private mutating func remove(_ waiter: Waiter) -> Bool {
        guard waiter.key >= 0 else { return false }
        // Many may wait for one ticket, and all go away at once: nobody looks through them all.
        if waiter.previousKey < 0 {
            byToken[waiter.token] = waiter.next
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
