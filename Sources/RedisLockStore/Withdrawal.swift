import LockStore
import TicketLock

/// A ticket that is to be taken back when Redis can be reached again: its caller has gone.
struct Withdrawal {
    /// The most that are remembered; others expire.
    static let countMax = 10_000

    let id: ConversationID
    let number: TicketNumber
    let token: FencingToken
    /// Whether it does no harm to withdraw it twice: nobody else can have got the ticket, with the same idempotency
    /// key, whose it would be after the first time.
    let mayBeRepeated: Bool
}

extension Withdrawal {
    /// Of the ticket of a caller of acquire that waits no more.
    init(_ waiter: Waiter) {
        self.init(
            id: waiter.id, number: waiter.number, token: waiter.token, mayBeRepeated: !waiter.hasKey)
    }
}
