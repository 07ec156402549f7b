/// What the world did to the store; nothing was changed unless the code says otherwise.
package struct LockStoreError: Error, Equatable, Sendable {
    package enum Code: Equatable, Sendable {
        /// The store cannot be reached now.
        case unavailable
        /// The store is there and refuses. The detail says why, and what to do.
        case refused
        /// The store's state on disk cannot be written now.
        case stateUnwritable
        /// Tickets of a state that was lost may be alive; none are given out. The detail says for how long.
        case stateIncomplete
        /// The ticket that a caller of acquire waited for is gone by no fault of its own: the store was out of touch
        /// with where it lives, or that has lost it. The detail says so.
        case placeLost
        /// The operation was asked for, and whether it was done will not be known: the store was lost, or did not
        /// answer in time.
        case outcomeUnknown
        /// What the store holds for the conversation is no ticket lock; it was left as it is.
        case unreadable
        /// The caller has gone: an acquire has given its place up.
        case cancelled
    }

    package let code: Code
    /// For the log; of `stateIncomplete`, `placeLost` and `refused` for clients, too.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
