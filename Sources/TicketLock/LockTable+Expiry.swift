extension LockTable {
    /// When ``expire(now:limit:)`` next has something to do; nil: never.
    ///
    /// `mutating` so that the table is not copied to be asked after every request.
    package var nextDeadline: Instant? {
        mutating get {
            if retained.count > limits.retainedNumbersMax { return .past }
            let expiry = deadlines.first?.due
            guard let longestIdle = idle.first else { return expiry }
            let idling = slots[longestIdle].lock.since + limits.numberRetention
            return min(expiry ?? idling, idling)
        }
    }

    /// Drops the tickets that have expired, the empty locks that nobody touched for the retention, and the retained
    /// numbers above their limit, the earliest first, until `limit` of them are gone: a storm of expiries is worked off between requests. One
    /// lock's tickets go together. More is left when ``nextDeadline`` is not after `now`.
    package mutating func expire(now: Instant, limit: Int) {
        var left = limit
        while left > 0, let first = deadlines.first, first.due <= now {
            let ticketsBefore = ticketCount
            dropExpired(first.key, now: now)
            left -= max(1, ticketsBefore - ticketCount)
        }
        while left > 0, let longestIdle = idle.first,
            slots[longestIdle].lock.since + limits.numberRetention <= now
        {
            delete(longestIdle, now: now)
            left -= 1
        }
        while left > 0, retained.forgetOldest(countMax: limits.retainedNumbersMax) { left -= 1 }
    }

    /// Drops the expired tickets of one lock. Rasa: `update_lock`, which also saved the lock.
    package mutating func update(_ id: ConversationID, now: Instant) {
        if let slot = find(id, now: now).slot { settle(slot, now: now) }
    }

    /// Sees that one more ticket may exist; false when as many as may are alive.
    mutating func makeRoomForTicket(now: Instant) -> Bool {
        while ticketCount >= limits.ticketsMax, let first = deadlines.first, first.due <= now {
            dropExpired(first.key, now: now)
        }
        return ticketCount < limits.ticketsMax
    }

    /// Sees that one more lock may exist, at the cost of the longest-idle empty one; false when every lock
    /// holds tickets.
    mutating func makeRoom(now: Instant) -> Bool {
        guard lockCount >= limits.locksMax else { return true }
        // Tickets that have expired, only not been dropped yet, keep no lock from being empty.
        while idle.first == nil, let first = deadlines.first, first.due <= now {
            dropExpired(first.key, now: now)
        }
        guard let longestIdle = idle.first else { return false }
        delete(longestIdle, now: now)
        return true
    }
}
