/// Looking again at what was decided a while ago.
extension LockTable {
    /// What is true at `now` of an outcome that has not been told: a ticket may be gone, or expire sooner. A later
    /// extension counts only where the ticket would be over without it, since it may not be written yet. Changes
    /// nothing.
    package mutating func review(_ outcome: LockOutcome, for id: ConversationID, now: Instant) -> LockOutcome
    {
        guard case .ticket(let status) = outcome else { return outcome }
        let found = lookUp(id).slot.flatMap { slots[$0].lock.ticket(status.number) }
        guard let ticket = found, ticket.token == status.token, ticket.expires > now else {
            let hasExpired = (found?.expires ?? status.expires) <= now
            return .refused(.gone(hasExpired ? .expired : .unknown))
        }
        guard ticket.expires < status.expires || status.expires <= now else { return outcome }
        return .ticket(
            TicketStatus(
                number: status.number, token: status.token, expires: ticket.expires,
                nowServing: status.nowServing, position: status.position))
    }
}
