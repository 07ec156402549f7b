package import EventLoop
package import TicketLock

/// Where ticket locks live. Rasa: `rasa.core.lock_store.LockStore`.
///
/// Every operation is one atomic step, and drops expired tickets first. The caller has checked every argument against
/// the ``LockLimits``. What is not `async` is called on the loop's thread.
package protocol LockStore: LoopActor {
    /// Performs one operation. The reply, if somebody wants one, is answered once, now or later: when what was waited
    /// for has come, and what the answer speaks of is written; with what is true then.
    nonisolated func perform(_ call: LockCall, _ reply: (any LockReply)?)

    /// The caller has gone, as ``LockReply/isAbandoned`` says. One that waits does so no more, and is not answered; an
    /// acquire gives its place up. False for one whose answer is on its way.
    nonisolated func abandon(_ reply: any LockReply) -> Bool

    /// Counts for the metrics.
    func statistics() async -> StoreStatistics

    /// Throws while the store cannot serve.
    func checkReady() async throws(LockStoreError)

    /// Takes other limits from now on.
    func setLimits(_ limits: LockLimits) async

    /// Answers every waiting caller with `shuttingDown`, and so from now on every one that would wait; their
    /// tickets keep their places.
    func shutDown() async
}

/// What a client must expect is an outcome; a failure is what the world does to the store.
package typealias CallAnswer = Result<LockOutcome, LockStoreError>

/// Who has asked for an operation. Loop thread only.
package protocol LockReply: AnyObject, Sendable {
    /// Takes the answer. Called once.
    func answer(_ answer: CallAnswer)
    /// The caller has gone; an answer that is on its way still comes.
    var isAbandoned: Bool { get }
    /// What the store knows it by while it waits. The store's own.
    var waiter: Waiter? { get set }
}

/// What a store tells the metrics.
package struct StoreStatistics: Sendable {
    package let tickets: Statistics
    package let lockCount: Int
    package let ticketCount: Int
    /// Callers of wait and acquire that are waiting now.
    package let waiterCount: Int
    package let retainedNumberCount: Int
    package let idempotencyKeyCount: Int

    package init(
        tickets: Statistics, lockCount: Int, ticketCount: Int, waiterCount: Int, retainedNumberCount: Int,
        idempotencyKeyCount: Int
    ) {
        self.tickets = tickets
        self.lockCount = lockCount
        self.ticketCount = ticketCount
        self.waiterCount = waiterCount
        self.retainedNumberCount = retainedNumberCount
        self.idempotencyKeyCount = idempotencyKeyCount
    }
}
