import HistoryChecker
import Support
import TicketLock

/// Clients of the real rules at random: requests and answers take their time and cross, callers wait, hang up, guess,
/// repeat and expire. What they ask and are told is a history, right unless a fault is put in.
struct RulesPlay {
    /// What the daemon does wrong now and then.
    enum Wrong: CaseIterable, Sendable {
        case nothing, forgetsAll, doesNotFinish, grantsAtOnce, wakesNobody, finishesAndDenies,
            forgetsExtensions
        case givesTokensAgain
    }

    static let ids = (0..<3).map { ConversationID("c\($0)") }

    let wrong: Wrong
    var random: SeededRandom
    var table = RulesPlay.table(firstToken: 1000)
    var now = Instant(nanoseconds: 0)
    /// What happens next, by moment.
    var agenda: [(at: Instant, what: (inout RulesPlay) throws -> Void)] = []
    /// When callers are looked after next.
    var wakes = Instant(nanoseconds: 0)
    var left = 0
    var requests: Int64 = 0
    var parked: [FencingToken: [HistoryRequest]] = [:]
    var told: [(id: ConversationID, number: TicketNumber, token: FencingToken)] = []
    var keys: [(String, HistoryRequest.Operation, ConversationID)] = []
    var events: [HistoryEvent] = []
    var moments: [Instant] = []

    init(seed: UInt64, wrong: Wrong) {
        self.wrong = wrong
        random = SeededRandom(seed: seed)
    }

    static func table(firstToken: FencingToken) -> LockTable {
        LockTable(limits: LockLimits(), firstToken: firstToken)
    }

    mutating func run(requests count: Int) throws {
        left = count
        try ask()
        while !agenda.isEmpty {
            let index = agenda.indices.min { agenda[$0].at < agenda[$1].at } ?? 0
            let next = agenda.remove(at: index)
            now = next.at
            try next.what(&self)
        }
    }

    mutating func schedule(_ span: Duration, _ what: @escaping (inout RulesPlay) throws -> Void) {
        agenda.append((now + span, what))
    }

    mutating func milliseconds(_ range: Range<Int64>) -> Duration {
        .milliseconds(Int64.random(in: range, using: &random))
    }

    mutating func add(_ event: HistoryEvent) {
        events.append(event)
        moments.append(now)
    }

    var isWrongNow: Bool { mutating get { random.chance(0.1) } }

    // MARK: Asking

    mutating func ask() throws {
        left -= 1
        guard left >= 0 else { return }
        schedule(milliseconds(0..<40)) { try $0.ask() }
        let operations: [HistoryRequest.Operation] = [
            .acquire, .acquire, .issueTicket, .issueTicket, .wait, .extend, .finishServing, .finishServing,
            .cleanUp,
            .isWaiting, .getLock, random.chance(0.1) ? .deleteLock : .finishServing,
        ]
        requests += 1
        var request = HistoryRequest(requests, random.pick(operations), of: random.pick(Self.ids))
        request.lifetime = milliseconds(100..<2000)
        request.timeout = milliseconds(0..<1000)
        if !request.operation.takesOrReads, let ticket = told.suffix(8).randomElement(using: &random) {
            (request.id, request.ticket, request.token) = ticket
            if random.chance(0.1) { request.token = nil }
            if random.chance(0.1) {
                request.ticket = ticket.number + Int64.random(in: -2...3, using: &random)
            }
        } else if !request.operation.takesOrReads {
            (request.ticket, request.token) = (Int64.random(in: 0..<3, using: &random), nil)
        }
        if request.operation == .issueTicket || request.operation == .acquire, random.chance(0.5) {
            request.lifetime = .milliseconds(500)
            if random.chance(0.4), let old = keys.suffix(4).randomElement(using: &random) {
                (request.key, request.operation, request.id) = old
            } else {
                request.key = "k\(requests)"
                keys.append(("k\(requests)", request.operation, request.id))
            }
        }
        add(.sent(request))
        let sent = request
        schedule(milliseconds(0..<60)) { try $0.perform(sent) }
    }

    /// The moment of effect.
    mutating func perform(_ request: HistoryRequest) throws {
        if wrong == .forgetsAll, random.chance(0.002) {
            table = Self.table(firstToken: 1_000_000 + FencingToken(requests))
        }
        if wrong == .givesTokensAgain, random.chance(0.002) { table = Self.table(firstToken: 900) }
        let (id, lifetime) = (request.id, request.lifetime ?? .zero)
        let number = request.ticket ?? 0
        var answer = HistoryAnswer(request.request, status: 200)
        switch request.operation {
        case .issueTicket, .acquire:
            var kind = TicketRequest.Kind.issue
            if request.operation == .acquire { kind = .acquire(until: now + (request.timeout ?? .zero)) }
            let order = TicketRequest(kind: kind, lifetime: lifetime, key: request.key)
            settle(request, table.takeTicket(order, for: id, now: now))
        case .wait: settle(request, table.tell(number, token: request.token, for: id, now: now))
        case .extend:
            let isForgotten = wrong == .forgetsExtensions && isWrongNow
            let before = table
            let result = table.extend(number, token: request.token, by: lifetime, for: id, now: now)
            if isForgotten { table = before }
            settle(request, result)
        case .finishServing:
            let before = table
            switch table.finishServing(number, token: request.token, for: id, now: now) {
            case .failure(let refusal): self.answer(request, refusal)
            case .success(let finished):
                (answer.removed, answer.nowServing) = (finished.removed, finished.nowServing)
                answer.isSomeoneWaiting = finished.isSomeoneWaiting
                if wrong == .doesNotFinish, isWrongNow { table = before }
                if wrong == .finishesAndDenies, isWrongNow {
                    answer.status = 503
                    answer.code = "store_unavailable"
                }
                send(answer)
            }
        case .cleanUp:
            switch table.cleanUp(number, token: request.token, for: id, now: now) {
            case .failure(let refusal): self.answer(request, refusal)
            case .success(let cleaned):
                (answer.removed, answer.deleted) = (cleaned.removed, cleaned.deleted)
                answer.isSomeoneWaiting = cleaned.isSomeoneWaiting
                send(answer)
            }
        case .deleteLock:
            answer.deleted = table.deleteLock(for: id, now: now)
            send(answer)
        case .getLock: read(request)
        default:
            let waiting = table.waiting(for: id, now: now)
            (answer.isSomeoneWaiting, answer.waiting) = (waiting.isSomeoneWaiting, Int64(waiting.waiting))
            answer.nowServing = waiting.nowServing
            send(answer)
        }
        wake()
    }

    mutating func read(_ request: HistoryRequest) {
        guard let lock = table.lock(for: request.id, now: now) else {
            var answer = HistoryAnswer(request.request, status: 404)
            answer.code = "lock_not_found"
            return send(answer)
        }
        let listed = lock.tickets.map {
            ListedTicket(request.request, ticket: $0.number, token: $0.token, expiresAt: $0.expires)
        }
        let number = request.request
        schedule(milliseconds(0..<60)) { play in
            for ticket in listed { play.add(.listed(ticket)) }
            play.add(.answered(HistoryAnswer(number, status: 200)))
        }
    }
}

extension HistoryRequest.Operation {
    /// It names no ticket.
    fileprivate var takesOrReads: Bool {
        [.issueTicket, .acquire, .isWaiting, .getLock, .putLock, .deleteLock].contains(self)
    }
}
