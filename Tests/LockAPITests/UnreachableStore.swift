import EventLoop
import LockStore
import TicketLock

/// A store that cannot be reached, or fails in another way.
actor UnreachableStore: LockStore {
    nonisolated let loop: EventLoop
    private let error: LockStoreError

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, _ code: LockStoreError.Code = .unavailable) {
        self.loop = loop
        let detail = "tickets that were lost with the machine may be alive for another 3599 s"
        let text =
            switch code {
            case .stateIncomplete: detail
            case .refused: "Redis refuses: OOM (give it more memory, maxmemory)"
            default: "connection refused at 10.0.0.1, password hunter2"
            }
        error = LockStoreError(code, text)
    }

    func issueTicket(
        for id: ConversationID, lifetime: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> { throw error }

    func wait(
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> { throw error }

    func acquire(
        for id: ConversationID, lifetime: Duration, timeout: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> { throw error }

    func extend(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID, lifetime: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> { throw error }

    func finishServing(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<Finished, Refusal> { throw error }

    func withdraw(
        _ number: TicketNumber, token: FencingToken, of id: ConversationID
    ) async throws(LockStoreError) { throw error }

    func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<CleanedUp, Refusal> { throw error }

    func isSomeoneWaiting(for id: ConversationID) async throws(LockStoreError) -> Waiting { throw error }

    func update(_ id: ConversationID) async throws(LockStoreError) { throw error }

    func getLock(for id: ConversationID) async throws(LockStoreError) -> LockSnapshot? { throw error }

    func getOrCreateLock(
        for id: ConversationID
    ) async throws(LockStoreError) -> Result<(lock: LockSnapshot, created: Bool), Refusal> { throw error }

    func deleteLock(for id: ConversationID) async throws(LockStoreError) -> Bool { throw error }

    func locks(prefix: String, limit: Int, from start: Int) async throws(LockStoreError) -> LockPage {
        throw error
    }

    func checkReady() async throws(LockStoreError) { throw error }

    func statistics() async -> StoreStatistics {
        StoreStatistics(
            tickets: LockTable(limits: LockLimits(), firstToken: 0).statistics, lockCount: 0, ticketCount: 0,
            waiterCount: 0, retainedNumberCount: 0, idempotencyKeyCount: 0)
    }

    func setLimits(_ limits: LockLimits) async {}

    func shutDown() async {}
}
