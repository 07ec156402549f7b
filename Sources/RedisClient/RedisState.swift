/// A change that whoever uses the client acts upon.
package enum RedisState: Sendable, Equatable {
    /// Commands can be given. Everything may have happened meanwhile.
    case ready
    /// Commands cannot be given.
    case lost
    /// Messages are missed from now on.
    case subscriptionsLost
    /// All channels are subscribed to again; messages may have been missed.
    case subscriptionsRenewed
}
