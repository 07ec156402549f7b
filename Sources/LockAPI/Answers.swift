import TicketLock

/// What the operations' results look like in JSON (design, section 4).
extension JSONWriter {
    mutating func fields(
        of status: TicketStatus, _ id: ConversationID, _ clock: WallClock, now: Instant
    ) {
        field("conversation_id", id.string)
        field("ticket", status.number)
        field("token", Int64(status.token))
        seconds("expires", microseconds: clock.microseconds(of: status.expires))
        seconds("expires_in", microseconds: max(0, status.expires.nanoseconds - now.nanoseconds) / 1000)
        field("now_serving", status.nowServing)
        field("is_locked", status.isLocked)
        field("position", Int64(status.position))
    }

    mutating func fields(of lock: LockSnapshot, _ clock: WallClock) {
        field("conversation_id", lock.conversationID.string)
        beginArray("tickets")
        for ticket in lock.tickets {
            beginObject()
            field("number", ticket.number)
            seconds("expires", microseconds: clock.microseconds(of: ticket.expires))
            field("token", Int64(ticket.token))
            endObject()
        }
        endArray()
        field("now_serving", lock.nowServing)
        field("last_issued", lock.lastIssued)
        field("is_someone_waiting", lock.isSomeoneWaiting)
        next(lock.next.map(String.init))
    }

    mutating func fields(of page: LockPage, _ clock: WallClock) {
        beginArray("locks")
        for lock in page.locks {
            beginObject()
            fields(of: lock, clock)
            endObject()
        }
        endArray()
        next(page.next.map { String($0) })
    }

    private mutating func next(_ cursor: String?) {
        if let cursor { field("next_cursor", cursor) } else { null("next_cursor") }
    }
}
