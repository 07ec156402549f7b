import LockStore
package import TicketLock

/// The store's operations as the cases use them: a refusal is thrown.
extension LockStoreScene {
    package func issue(
        _ id: String = "ada", lifetime: Double = 1_000, key: String? = nil
    ) async throws -> TicketStatus {
        try await store.issueTicket(for: ConversationID(id), lifetime: ticks(lifetime), key: key).get()
    }

    package func extend(
        _ number: TicketNumber, of id: String = "ada", by lifetime: Double, token: FencingToken? = nil
    ) async throws -> TicketStatus {
        try await store.extend(number, token: token, of: ConversationID(id), lifetime: ticks(lifetime)).get()
    }

    @discardableResult
    package func finish(
        _ number: TicketNumber, of id: String = "ada", token: FencingToken? = nil
    ) async throws -> Finished {
        try await store.finishServing(number, token: token, of: ConversationID(id)).get()
    }

    @discardableResult
    package func cleanUp(
        _ number: TicketNumber?, of id: String = "ada", token: FencingToken? = nil
    ) async throws -> CleanedUp {
        try await store.cleanUp(number, token: token, of: ConversationID(id)).get()
    }

    @discardableResult
    package func delete(_ id: String = "ada") async throws -> Bool {
        try await store.deleteLock(for: ConversationID(id)) != nil
    }

    package func withdraw(_ ticket: TicketStatus, of id: String = "ada") async throws {
        try await store.withdraw(ticket.number, token: ticket.token, of: ConversationID(id))
    }

    /// Drops the lock's expired tickets, as every operation does. Rasa: `update_lock`.
    package func update(_ id: String = "ada") async throws {
        _ = try await store.isSomeoneWaiting(for: ConversationID(id))
    }

    package func waiting(_ id: String = "ada") async throws -> Waiting {
        try await store.isSomeoneWaiting(for: ConversationID(id))
    }

    package func lock(_ id: String = "ada") async throws -> LockSnapshot? {
        try await store.getLock(for: ConversationID(id))
    }

    @discardableResult
    package func getOrCreate(_ id: String = "ada") async throws -> (lock: LockSnapshot, created: Bool) {
        try await store.getOrCreateLock(for: ConversationID(id)).get()
    }

    /// The numbers in the queue, the one being served first; nil without a lock.
    package func queue(_ id: String = "ada") async throws -> [TicketNumber]? {
        try await lock(id)?.tickets.map(\.number)
    }

    /// The ticket as a caller of wait with no time to wait sees it; the refusal is thrown.
    package func status(
        _ number: TicketNumber, of id: String = "ada", token: FencingToken? = nil
    ) async throws -> TicketStatus {
        try await store.wait(for: number, token: token, of: ConversationID(id), timeout: .zero).get()
    }
}

extension Refusal {
    /// The ticket is gone, for that reason or for one that the store does not know.
    package func isGone(_ reason: GoneReason) -> Bool { self == .gone(reason) || self == .gone(.unknown) }
}

extension Waiting {
    package func holds(_ isSomeoneWaiting: Bool, _ waiting: Int, _ nowServing: TicketNumber) -> Bool {
        self.isSomeoneWaiting == isSomeoneWaiting && self.waiting == waiting && self.nowServing == nowServing
    }
}
