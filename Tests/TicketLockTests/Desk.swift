@testable import TicketLock

extension ConversationID: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension Instant {
    /// Where the tests' clock starts.
    static let start = Instant(nanoseconds: 5_000_000_000)
}

/// A table of locks with a clock that the test sets. Operations are about the conversation `ada` unless told
/// otherwise.
///
/// Moving the clock does not call `expire`: an operation must drop what has expired by itself.
final class Desk {
    static let nanosecond = Duration.nanoseconds(1)

    var table: LockTable
    var now = Instant.start

    init(firstToken: FencingToken = 700, limits: LockLimits = LockLimits()) {
        table = LockTable(limits: limits, firstToken: firstToken)
    }

    /// With limits that differ from the defaults in what `change` changes.
    convenience init(_ change: (inout LockLimits) -> Void) {
        var limits = LockLimits()
        change(&limits)
        self.init(limits: limits)
    }

    func advance(_ span: Duration) { now = now + span }

    func take(
        _ request: TicketRequest, for id: ConversationID = "ada"
    ) -> Result<TicketStatus, Refusal> {
        table.takeTicket(request, for: id, now: now)
    }

    @discardableResult
    func issue(
        _ id: ConversationID = "ada", lifetime: Duration = .seconds(60), key: IdempotencyKey? = nil
    ) throws -> TicketStatus {
        try take(TicketRequest(lifetime: lifetime, key: key), for: id).get()
    }

    /// Issues `count` tickets one after another.
    @discardableResult
    func issue(_ count: Int, for id: ConversationID = "ada") throws -> [TicketStatus] {
        try (0..<count).map { _ in try issue(id) }
    }

    @discardableResult
    func acquire(
        _ id: ConversationID = "ada", lifetime: Duration = .seconds(60), timeout: Duration = .seconds(30),
        key: IdempotencyKey? = nil
    ) throws -> TicketStatus {
        let request = TicketRequest(kind: .acquire(until: now + timeout), lifetime: lifetime, key: key)
        return try take(request, for: id).get()
    }

    func status(
        _ number: TicketNumber, token: FencingToken? = nil, for id: ConversationID = "ada"
    ) -> Result<TicketStatus, Refusal> {
        table.status(of: number, token: token, for: id, now: now)
    }

    func watch(_ number: TicketNumber, for id: ConversationID = "ada") { table.watch(number, for: id) }

    func extend(
        _ number: TicketNumber, token: FencingToken? = nil, by lifetime: Duration,
        for id: ConversationID = "ada"
    ) -> Result<TicketStatus, Refusal> {
        table.extend(number, token: token, by: lifetime, for: id, now: now)
    }

    @discardableResult
    func finish(
        _ number: TicketNumber, token: FencingToken? = nil, for id: ConversationID = "ada"
    ) -> Result<Finished, Refusal> {
        table.finishServing(number, token: token, for: id, now: now)
    }

    @discardableResult
    func cleanUp(
        _ number: TicketNumber? = nil, token: FencingToken? = nil, for id: ConversationID = "ada"
    ) -> Result<CleanedUp, Refusal> {
        table.cleanUp(number, token: token, for: id, now: now)
    }

    func withdraw(_ status: TicketStatus, for id: ConversationID = "ada") {
        table.withdraw(status.number, token: status.token, for: id, now: now)
    }

    func waiting(_ id: ConversationID = "ada") -> Waiting { table.waiting(for: id, now: now) }

    func lock(_ id: ConversationID = "ada") -> LockSnapshot? { table.lock(for: id, now: now) }

    /// The numbers of the queued tickets, the one being served first; empty for an unknown conversation too.
    func numbers(_ id: ConversationID = "ada") -> [TicketNumber] { lock(id)?.tickets.map(\.number) ?? [] }

    @discardableResult
    func create(_ id: ConversationID = "ada") -> Result<(lock: LockSnapshot, created: Bool), Refusal> {
        table.lockCreatingIfAbsent(for: id, now: now)
    }

    @discardableResult
    func delete(_ id: ConversationID = "ada") -> Bool { table.deleteLock(for: id, now: now) }

    func expire(limit: Int = .max) { table.expire(now: now, limit: limit) }

    /// The IDs of all locks, without touching any.
    func conversations() -> [ConversationID] {
        table.page(prefix: "", limit: .max, from: 0, now: now).locks.map(\.conversationID)
    }
}
