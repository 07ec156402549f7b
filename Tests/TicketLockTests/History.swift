import Support
import Testing

@testable import TicketLock

/// One random history, lived through by the table and by the model.
struct History {
    var random: SeededRandom
    private let kind: RandomHistoryTests.Kind
    private let ids: [ConversationID]
    var table: LockTable
    var model: LockModel
    /// What was stored of the table, if it is.
    var stored: [StoredTable.Key: [UInt8]] = [:]
    private(set) var deepest = 0
    private(set) var refusals = 0
    private(set) var ends = 0

    init(seed: UInt64, kind: RandomHistoryTests.Kind) {
        random = SeededRandom(seed: seed)
        self.kind = kind
        var limits = LockLimits()
        limits.numberRetention = kind == .shortRetention ? .nanoseconds(9_000) : .nanoseconds(60_000)
        limits.ticketsPerLockMax = kind == .deepQueues ? 200 : 9
        if kind == .tightLimits {
            limits.locksMax = 3
            limits.retainedNumbersMax = 2
            limits.ticketsMax = 12
        }
        ids = (0..<(kind == .deepQueues ? 2 : 7)).map { "c\($0)" }
        table = LockTable(limits: limits, firstToken: 50)
        model = LockModel(limits: limits, nextToken: 50)
    }

    /// Does one thing to both; what each answered, as text.
    mutating func step() -> (table: String, model: String) {
        let id = random.pick(ids)
        let now = model.now
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<(kind == .deepQueues ? 45 : 30): return take(id)
        case ..<60: return nameTicket(id)
        case ..<70:
            let number = number(id)
            table.watch(number, for: id)
            model.watch(number, for: id)
            return ("", "")
        case 70 where kind != .deepQueues || random.chance(0.1):
            return (
                "\(table.deleteLock(for: id, now: now))", "\(model.find(id).map { model.delete($0) } != nil)"
            )
        case 71:
            return (describe(table.lock(for: id, now: now)), describe(model.find(id).map(model.snapshot)))
        case 72..<75:
            let waiting = table.waiting(for: id, now: now)
            let tickets = model.find(id).map { model.queues[$0].tickets } ?? []
            let expected = Waiting(
                isSomeoneWaiting: !tickets.isEmpty, waiting: max(0, tickets.count - 1),
                nowServing: tickets.first?.number ?? 0)
            return ("\(waiting)", "\(expected)")
        case 75..<78: return create(id)
        default: return passTime()
        }
    }

    private mutating func take(_ id: ConversationID) -> (table: String, model: String) {
        let tickets = model.queues.first { $0.id == id }?.tickets ?? []
        let longest: Int64 = kind == .deepQueues ? 60_000 : 8_000
        var lifetime = Duration.nanoseconds(Int64.random(in: 1...longest, using: &random))
        // Some tickets of a queue expire together.
        if let other = tickets.randomElement(using: &random), other.expires > model.now, random.chance(0.3) {
            lifetime = other.expires - model.now
        }
        let until = model.now + .nanoseconds(Int64.random(in: 1...longest, using: &random))
        var request = TicketRequest(
            kind: random.chance(0.5) ? .issue : .acquire(until: until), lifetime: lifetime,
            key: random.chance(0.3) ? random.pick(["k1", "k2", "k3"]) : nil)
        // A request sent again, except that an acquire's timeout counts from now.
        if let first = tickets.randomElement(using: &random).flatMap({ model.requests[$0.token] }),
            random.chance(0.2)
        {
            request = TicketRequest(
                kind: first.isAcquire ? .acquire(until: until) : .issue, lifetime: first.lifetime,
                key: first.key)
        }
        let result = table.takeTicket(request, for: id, now: model.now)
        if case .failure = result { refusals += 1 }
        return ("\(result)", "\(model.take(request, for: id))")
    }

    /// A number of the conversation's queue, or one that is not, or not any more, in it.
    private mutating func number(_ id: ConversationID) -> TicketNumber {
        let queue = model.queues.first { $0.id == id }
        if random.chance(0.25) {
            return TicketNumber.random(in: -2...(queue?.lastIssued ?? 0) + 3, using: &random)
        }
        if random.chance(0.4), let head = queue?.tickets.first { return head.number }
        return queue?.tickets.randomElement(using: &random)?.number ?? 0
    }

    private mutating func nameTicket(_ id: ConversationID) -> (table: String, model: String) {
        let number = number(id)
        let now = model.now
        let right = model.queues.first { $0.id == id }?.tickets.first { $0.number == number }?.token ?? 3
        let token = random.pick([nil, right, right, right + 1])
        let lifetime = Duration.nanoseconds(Int64.random(in: 1...9_000, using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 8:
            let result = table.tell(number, token: token, for: id, now: now)
            return ("\(result)", "\(model.tell(number, token: token, for: id))")
        case 0:
            let place = model.place(of: number, token: token, for: id)
            let status = place.map { model.status($0.position, in: $0.index) }
            return ("\(table.status(of: number, token: token, for: id, now: now))", "\(status)")
        case 1...3:
            let result = table.extend(number, token: token, by: lifetime, for: id, now: now)
            return ("\(result)", "\(model.extend(number, token: token, by: lifetime, for: id))")
        case 4, 5:
            let result = table.finishServing(number, token: token, for: id, now: now)
            return ("\(result)", "\(model.finish(number, token: token, for: id))")
        case 6:
            table.withdraw(number, token: right, for: id, now: now)
            model.withdraw(number, token: right, for: id)
            return ("", "")
        default:
            let given = random.chance(0.8) ? number : nil
            let result = table.cleanUp(given, token: token, for: id, now: now)
            return ("\(result)", "\(model.cleanUp(given, token: token, for: id))")
        }
    }

    private mutating func create(_ id: ConversationID) -> (table: String, model: String) {
        let result = table.lockCreatingIfAbsent(for: id, now: model.now).map { "\($0.created) \($0.lock)" }
        if case .failure = result { refusals += 1 }
        if let index = model.find(id) { return ("\(result)", "\(expected(false, index))") }
        return ("\(result)", "\(model.create(id).map { expected(true, $0) } ?? .failure(.tooManyLocks))")
    }

    private func describe(_ lock: LockSnapshot?) -> String { lock.map { "\($0)" } ?? "none" }

    private func expected(_ created: Bool, _ index: Int) -> Result<String, Refusal> {
        .success("\(created) \(model.snapshot(index))")
    }

    /// Lets time pass: often to just before, at or after the next deadline.
    private mutating func passTime() -> (table: String, model: String) {
        let beyond = Int64.random(in: -1...1, using: &random)
        if let due = model.nextDeadline, random.chance(kind == .deepQueues ? 0.1 : 0.6) {
            model.now = max(model.now, due + .nanoseconds(beyond))
        } else {
            let most: Int64 = kind == .deepQueues ? 200 : 3_000
            model.now = model.now + .nanoseconds(Int64.random(in: 1...most, using: &random))
        }
        if random.chance(kind == .lateExpiry ? 0.05 : 0.8) {
            // Some locks at a time come to the same as all at once.
            while let due = table.nextDeadline, due <= model.now {
                table.expire(now: model.now, limit: Int.random(in: 1...3, using: &random))
            }
            model.expire()
        }
        return ("", "")
    }

    /// Compares what can be seen without touching anything.
    mutating func compare(_ comment: Comment) throws {
        let events = table.takeEvents()
        // Tickets that end in one step are told in the order of their expiry; the model has their numbers'.
        try #require(events.map { "\($0)" }.sorted() == model.events.map { "\($0)" }.sorted(), comment)
        ends += events.count
        model.events = []
        try #require(table.nextDeadline == model.nextDeadline, comment)
        try #require(table.lockCount == model.queues.count, comment)
        try #require(table.ticketCount == model.queues.reduce(0) { $0 + $1.tickets.count }, comment)
        try #require(table.retainedNumberCount == model.retained.count, comment)
        let keys = model.requests.values.count { $0.key != nil }
        try #require(table.idempotencyKeyCount == keys, comment)
        deepest = max(deepest, model.queues.map(\.tickets.count).max() ?? 0)
        guard model.overdue == nil, random.chance(0.1) else { return }
        let locks = table.page(prefix: "", limit: .max, from: 0, now: model.now).locks
        let expected = model.queues.indices.map(model.snapshot)
        try #require(
            locks.sorted { $0.conversationID.string < $1.conversationID.string }
                == expected.sorted { $0.conversationID.string < $1.conversationID.string }, comment)
    }
}
