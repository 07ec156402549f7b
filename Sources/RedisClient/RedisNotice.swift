/// What the daemon logs about its connections to Redis.
package enum RedisNotice: Sendable, Equatable {
    /// Commands can be given: at the start, or again.
    case ready(RedisAddress)
    /// There was a connection, and there is none any more. The next attempts follow by themselves.
    case lost(RedisError)
    /// There is no connection, for a reason that has not been told yet.
    case notReady(RedisError)
    /// One of many attempts has failed, for a reason that has been told.
    case attemptFailed(RedisError, next: Duration)
    /// Messages are missed from now on.
    case subscriptionsLost(RedisError)
    /// Messages come in again.
    case subscriptionsRenewed
}
