import HTTPServer
import TicketLock

extension Configuration.Locks {
    /// As the lock table takes them.
    var limits: LockLimits {
        var limits = LockLimits()
        limits.defaultLifetime = defaultLifetime
        limits.maxLifetime = maxLifetime
        limits.maxWait = maxWait
        limits.defaultWait = defaultWait
        limits.conversationIDBytesMax = conversationIDBytesMax
        limits.idempotencyKeyBytesMax = idempotencyKeyBytesMax
        limits.locksMax = locksMax
        limits.ticketsPerLockMax = ticketsPerLockMax
        limits.numberRetention = numberRetention
        limits.retainedNumbersMax = retainedNumbersMax
        return limits
    }
}

extension Configuration.HTTP {
    /// As the HTTP server takes them.
    var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyBytesMax = bodyBytesMax
        limits.headerBytesMax = headerBytesMax
        limits.connectionsMax = connectionsMax
        limits.connectionsPerAddressMax = connectionsPerIPMax
        limits.idleTimeout = idleTimeout
        return limits
    }
}
