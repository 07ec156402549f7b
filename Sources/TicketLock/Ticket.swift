/// A ticket's place in the order of one lock: 0 for the first ever issued, then one more each.
/// Below 2^53. Rasa: `Ticket.number`.
package typealias TicketNumber = Int64

/// Strictly increasing per conversation for ever, and unique in a store; below 2^53, so that every JSON
/// reader keeps it exact. A resource that remembers the highest one seen can refuse a late holder.
package typealias FencingToken = UInt64

/// What a client sends with a request so that repeating it is safe: 1 to
/// ``LockLimits/idempotencyKeyBytesMax`` visible ASCII characters. It means something within one
/// conversation only.
package typealias IdempotencyKey = String

/// One place in one conversation's queue. Rasa: `rasa.core.lock.Ticket`.
package struct Ticket: Equatable, Sendable {
    package let number: TicketNumber
    package let token: FencingToken
    package let issued: Instant
    /// The ticket is gone from this moment on.
    package internal(set) var expires: Instant
    /// For a ticket taken by `acquire`: the lifetime that starts when it is served. Nil for the others, whose
    /// lifetime runs from the issue, as in Rasa.
    package var lifetimeOnceServed: Duration? {
        nanosecondsOnceServed < 0 ? nil : .nanoseconds(nanosecondsOnceServed)
    }
    /// The same in 8 bytes, where an optional `Duration` takes 32; -1 for none.
    private let nanosecondsOnceServed: Int64
    /// Somebody waits for it, so that what becomes of it is worth an ``Event``.
    package internal(set) var isWatched = false
    /// It was taken with an idempotency key.
    package let hasKey: Bool
    /// Nobody but the call of `acquire` that took it knows of it yet: it is good for nothing without that.
    package internal(set) var isUntold: Bool

    package init(
        number: TicketNumber, token: FencingToken, issued: Instant, expires: Instant,
        lifetimeOnceServed: Duration?, hasKey: Bool, isUntold: Bool = false
    ) {
        self.number = number
        self.token = token
        self.issued = issued
        self.expires = expires
        nanosecondsOnceServed = lifetimeOnceServed?.nanoseconds ?? -1
        self.hasKey = hasKey
        self.isUntold = isUntold
    }
}

/// What a client is told of its ticket.
package struct TicketStatus: Equatable, Sendable {
    package let number: TicketNumber
    package let token: FencingToken
    package let expires: Instant
    /// The number of the ticket at the head of the queue. Rasa: `TicketLock.now_serving`.
    package let nowServing: TicketNumber
    /// How many tickets stand ahead of it; 0 when it is being served.
    package let position: Int
    /// It waits. A ticket is served only when it is itself at the head. Rasa: `TicketLock.is_locked`.
    package var isLocked: Bool { position > 0 }

    package init(
        number: TicketNumber, token: FencingToken, expires: Instant, nowServing: TicketNumber, position: Int
    ) {
        self.number = number
        self.token = token
        self.expires = expires
        self.nowServing = nowServing
        self.position = position
    }
}
