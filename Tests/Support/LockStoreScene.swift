import EventLoop
package import LockStore
package import TicketLock

/// A store, the callers that wait for it, and what they were answered: what a ``LockStoreCase`` plays on.
///
/// An actor on the store's loop. Spans are in ticks of the harness; the conversation is "ada" where none is
/// named.
package actor LockStoreScene {
    /// Nothing waits so long unless something is broken.
    private static let patience: Duration = .seconds(30)

    package nonisolated let store: any LockStore
    private nonisolated let harness: any LockStoreHarness
    private var calls: [WaitingCall] = []
    /// The names of the calls that have ended, in their order.
    package private(set) var ended: [String] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { harness.loop.asUnownedSerialExecutor() }

    package init(_ harness: any LockStoreHarness, _ store: any LockStore) {
        self.harness = harness
        self.store = store
    }

    package func play(_ body: LockStoreCase.Body) async throws { try await body(self) }

    /// Lets the calls still under way end.
    package func end() async {
        for call in calls { call.cancel() }
        for call in calls { await call.task?.value }
    }

    // MARK: Time

    package nonisolated func ticks(_ count: Double) -> Duration { harness.tick * count }

    /// Lets time pass, and what comes of it happen.
    package func advance(_ count: Double) async throws {
        try await harness.advance(by: ticks(count))
        try await settle()
    }

    /// Lets what was set off already happen, without time passing: whom the store has let go has heard.
    package func settle() async throws {
        try await until("all are answered that the store has let go") { scene in
            await scene.store.statistics().waiterCount == scene.calls.count { $0.isWaiting }
        }
    }

    /// Returns when the condition holds.
    package func until(
        _ what: String, _ condition: (isolated LockStoreScene) async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while !(try await condition(self)) {
            guard ContinuousClock.now < deadline else { throw Impatience(description: "not yet: \(what)") }
            await Task.yield()
        }
    }

    // MARK: Callers that wait

    /// A caller of acquire, once it is queued or answered.
    package func acquire(
        _ id: String = "ada", lifetime: Double = 1_000, timeout: Double = 1_000, key: String? = nil,
        as name: String = "", isCancelled: Bool = false
    ) async throws -> WaitingCall {
        let (lifetime, timeout) = (ticks(lifetime), ticks(timeout))
        return try await call(name, isCancelled) { store throws(LockStoreError) in
            try await store.acquire(for: ConversationID(id), lifetime: lifetime, timeout: timeout, key: key)
        }
    }

    /// A caller of wait, once it waits or is answered.
    package func wait(
        _ number: TicketNumber, of id: String = "ada", timeout: Double = 1_000, token: FencingToken? = nil,
        as name: String = "", isCancelled: Bool = false
    ) async throws -> WaitingCall {
        let timeout = ticks(timeout)
        return try await call(name, isCancelled) { store throws(LockStoreError) in
            try await store.wait(for: number, token: token, of: ConversationID(id), timeout: timeout)
        }
    }

    private func call(
        _ name: String, _ isCancelled: Bool,
        _ operation:
            @escaping @Sendable (any LockStore) async throws(LockStoreError)
            -> Result<TicketStatus, Refusal>
    ) async throws -> WaitingCall {
        let waiterCount = await store.statistics().waiterCount
        let call = WaitingCall(name: name)
        let store = store
        calls.append(call)
        call.task = Task {
            do throws(LockStoreError) {
                call.outcome = .success(try await operation(store))
            } catch {
                call.outcome = .failure(error)
            }
            self.ended.append(name)
        }
        if isCancelled { call.cancel() }
        try await until("\(name) waits") { scene in
            let count = await scene.store.statistics().waiterCount
            return !call.isWaiting || (!isCancelled && count > waiterCount)
        }
        return call
    }

    /// What a caller was answered; waits for it, though not for time to pass. Throws what the call threw.
    package func answer(_ call: WaitingCall) async throws -> Result<TicketStatus, Refusal> {
        try await until("\(call.name) is answered") { _ in !call.isWaiting }
        guard let outcome = call.outcome else { throw Impatience(description: "no outcome") }
        return try outcome.get()
    }

    /// The ticket that a caller was told is being served. Throws for every other answer.
    package func served(_ call: WaitingCall) async throws -> TicketStatus {
        let status = try await answer(call).get()
        guard !status.isLocked else { throw Impatience(description: "\(status) is not served") }
        return status
    }

    /// Why a caller was refused; nil when it was not.
    package func refusal(_ call: WaitingCall) async throws -> Refusal? {
        if case .failure(let refusal) = try await answer(call) { return refusal }
        return nil
    }
}
