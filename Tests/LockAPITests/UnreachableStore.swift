import EventLoop
import LockStore
import TicketLock

/// A store that cannot be reached, or fails in another way.
actor UnreachableStore: LockStore {
    nonisolated let loop: EventLoop
    private nonisolated let error: LockStoreError
    private nonisolated let isForgetful: Bool

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameter isForgetful: it drops what it is to answer.
    init(loop: EventLoop, _ code: LockStoreError.Code = .unavailable, isForgetful: Bool = false) {
        self.loop = loop
        self.isForgetful = isForgetful
        let detail = "tickets that were lost with the machine may be alive for another 3599 s"
        let text =
            switch code {
            case .stateIncomplete: detail
            case .placeLost: "the ticket has lost its place"
            case .refused: "Redis refuses: OOM (give it more memory, maxmemory)"
            default: "connection refused at 10.0.0.1, password hunter2"
            }
        error = LockStoreError(code, text)
    }

    nonisolated func perform(_ call: LockCall, _ reply: (any LockReply)?) {
        if !isForgetful { reply?.answer(.failure(error)) }
    }

    nonisolated func abandon(_ reply: any LockReply) -> Bool { false }

    func checkReady() async throws(LockStoreError) { throw error }

    func statistics() async -> StoreStatistics {
        StoreStatistics(
            tickets: LockTable(limits: LockLimits(), firstToken: 0).statistics, lockCount: 0, ticketCount: 0,
            waiterCount: 0, retainedNumberCount: 0, idempotencyKeyCount: 0)
    }

    func setLimits(_ limits: LockLimits) async {}

    func shutDown() async {}
}
