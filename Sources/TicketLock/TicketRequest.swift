/// What a client asks for when it takes a ticket.
package struct TicketRequest: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The lifetime runs from now. Rasa: `issue_ticket`.
        case issue
        /// The lifetime runs from when the ticket is served; until then it lives to `until`, when its
        /// caller's timeout passes.
        case acquire(until: Instant)
    }

    package let kind: Kind
    package let lifetime: Duration
    package let key: IdempotencyKey?

    package init(kind: Kind = .issue, lifetime: Duration, key: IdempotencyKey? = nil) {
        self.kind = kind
        self.lifetime = lifetime
        self.key = key
    }

    var isAcquire: Bool { kind != .issue }
}
