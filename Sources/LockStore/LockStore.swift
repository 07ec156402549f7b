package import TicketLock

/// Where ticket locks live. Rasa: `rasa.core.lock_store.LockStore`.
///
/// Every operation is one atomic step, and drops expired tickets first. What a client must expect is a
/// ``Refusal``; what the world does to the store is a thrown ``LockStoreError``. The caller has checked every
/// argument against the ``LockLimits``.
package protocol LockStore: Actor {
    /// Takes a ticket whose lifetime runs from now, creating the lock if it is absent. With a key, a repeated
    /// request gets the first one's ticket while that lives. Rasa: `issue_ticket`.
    func issueTicket(
        for id: ConversationID, lifetime: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal>

    /// Answers when the ticket is served, is gone, or `timeout` has passed (the status is then still locked).
    /// Cancelling the task leaves the ticket where it is.
    func wait(
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal>

    /// Takes a ticket and waits for it: while queued it lives as long as the caller waits, and its lifetime
    /// starts when it is served. Cancelling the task, or the timeout's passing, gives its place up.
    func acquire(
        for id: ConversationID, lifetime: Duration, timeout: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal>

    /// Lets a live ticket expire `lifetime` from now.
    func extend(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID, lifetime: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal>

    /// Removes the ticket wherever it stands. Rasa: `finish_serving`.
    func finishServing(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<Finished, Refusal>

    /// Takes back a ticket that its caller has not been told of, or has given up.
    func withdraw(_ number: TicketNumber, token: FencingToken, of id: ConversationID)
        async throws(LockStoreError)

    /// Finishes the ticket, if one is given, and deletes the lock if its queue is empty. Rasa: `cleanup`.
    func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<CleanedUp, Refusal>

    /// Rasa: `is_someone_waiting`.
    func isSomeoneWaiting(for id: ConversationID) async throws(LockStoreError) -> Waiting

    /// Drops the expired tickets of a lock; nothing happens to an unknown ID. Rasa: `update_lock`.
    func update(_ id: ConversationID) async throws(LockStoreError)

    /// The lock as it is, or nil. Rasa: `get_lock`.
    func getLock(for id: ConversationID) async throws(LockStoreError) -> LockSnapshot?

    /// The lock, made empty if it is absent, and whether it was made. Rasa: `get_or_create_lock`, which
    /// did not save it.
    func getOrCreateLock(
        for id: ConversationID
    ) async throws(LockStoreError) -> Result<(lock: LockSnapshot, created: Bool), Refusal>

    /// Drops the lock with its tickets, whose waiters are told; false for an unknown ID. Rasa: `delete_lock`.
    func deleteLock(for id: ConversationID) async throws(LockStoreError) -> Bool

    /// Some of the locks; see ``LockTable/page(prefix:limit:from:now:)``.
    func locks(prefix: String, limit: Int, from start: Int) async throws(LockStoreError) -> LockPage

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

extension LockStore {
    /// The lock made anew if it is absent. Rasa: `create_lock`.
    package func createLock(for id: ConversationID) async throws(LockStoreError) -> Result<
        LockSnapshot, Refusal
    > {
        try await getOrCreateLock(for: id).map(\.lock)
    }
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
