import EventLoop
package import LockStore
package import TicketLock

/// The operations of a store, each with what it is answered.
extension LockStore {
    package func issueTicket(
        for id: ConversationID, lifetime: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        try await ticket(.issueTicket(lifetime: lifetime, key: key), id)
    }

    package func wait(
        for number: TicketNumber, token: FencingToken?, of id: ConversationID, timeout: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        try await ticket(.wait(number, token, timeout: timeout), id)
    }

    package func acquire(
        for id: ConversationID, lifetime: Duration, timeout: Duration, key: IdempotencyKey?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        try await ticket(.acquire(lifetime: lifetime, timeout: timeout, key: key), id)
    }

    package func extend(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID, lifetime: Duration
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        try await ticket(.extend(number, token, lifetime: lifetime), id)
    }

    package func finishServing(
        _ number: TicketNumber, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<Finished, Refusal> {
        try await result(.finishServing(number, token), id) {
            if case .finished(let done) = $0 { done } else { nil }
        }
    }

    package func withdraw(
        _ number: TicketNumber, token: FencingToken, of id: ConversationID
    ) async throws(LockStoreError) {
        _ = try await perform(LockCall(.withdraw(number, token), for: id))
    }

    package func cleanUp(
        _ number: TicketNumber?, token: FencingToken?, of id: ConversationID
    ) async throws(LockStoreError) -> Result<CleanedUp, Refusal> {
        try await result(.cleanUp(number, token), id) {
            if case .cleanedUp(let done) = $0 { done } else { nil }
        }
    }

    package func isSomeoneWaiting(for id: ConversationID) async throws(LockStoreError) -> Waiting {
        guard case .waiting(let waiting) = try await perform(LockCall(.isSomeoneWaiting, for: id)) else {
            preconditionFailure("another operation's outcome")
        }
        return waiting
    }

    package func getLock(for id: ConversationID) async throws(LockStoreError) -> LockSnapshot? {
        if case .lock(let lock, _) = try await perform(LockCall(.getLock(limit: .max, from: 0), for: id)) {
            lock
        } else {
            nil
        }
    }

    package func getOrCreateLock(
        for id: ConversationID
    ) async throws(LockStoreError) -> Result<(lock: LockSnapshot, created: Bool), Refusal> {
        try await result(.getOrCreateLock, id) {
            if case .lock(let lock, let isNew) = $0 { (lock, isNew) } else { nil }
        }
    }

    /// The tickets that went with the lock; nil when there was none.
    package func deleteLock(for id: ConversationID) async throws(LockStoreError) -> [TicketNumber]? {
        guard case .deleted(let tickets) = try await perform(LockCall(.deleteLock, for: id)) else {
            preconditionFailure("another operation's outcome")
        }
        return tickets
    }

    package func locks(prefix: String, limit: Int, from start: Int) async throws(LockStoreError) -> LockPage {
        let call = LockCall(.list(limit: limit, from: start), for: ConversationID(prefix))
        guard case .page(let page) = try await perform(call) else {
            preconditionFailure("another operation's outcome")
        }
        return page
    }

    private func ticket(
        _ operation: LockOperation, _ id: ConversationID
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        try await result(operation, id) { if case .ticket(let status) = $0 { status } else { nil } }
    }

    private func result<Value>(
        _ operation: LockOperation, _ id: ConversationID, _ value: (LockOutcome) -> Value?
    ) async throws(LockStoreError) -> Result<Value, Refusal> {
        let outcome = try await perform(LockCall(operation, for: id))
        if case .refused(let refusal) = outcome { return .failure(refusal) }
        guard let value = value(outcome) else { preconditionFailure("another operation's outcome") }
        return .success(value)
    }
}
