/// What the daemon logs about its locks in Redis.
package enum RedisLockStoreNotice: Sendable, Equatable {
    /// Redis refused an operation: it is out of memory, or a key holds something else, or the like. Its words.
    case refused(String)
}
