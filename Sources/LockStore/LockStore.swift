package import TicketLock

/// Where ticket locks live. Rasa: `rasa.core.lock_store.LockStore`.
///
/// Every operation is one atomic step, and drops expired tickets first. What a client must expect is a
/// ``Refusal``; what the world does to the store is a thrown ``LockStoreError``. The caller has checked every
/// argument against the ``LockLimits``.
package protocol LockStore: Actor {
    /// Performs one operation. Cancelling the task of a caller that waits ends its waiting.
    func perform(_ call: LockCall) async throws(LockStoreError) -> LockOutcome

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
