import HistoryChecker
import TicketLock

/// What the clients know and ask.
struct SimulatedClients {
    private struct Held {
        let id: ConversationID
        let number: TicketNumber
        let token: FencingToken
    }

    static let ids = (0..<3).map { ConversationID("c\($0)") }
    private static let operations: [HistoryRequest.Operation] = [
        .issueTicket, .issueTicket, .acquire, .acquire, .acquire, .wait, .wait, .extend, .finishServing,
        .finishServing, .finishServing, .cleanUp, .cleanUp, .isWaiting, .getLock, .putLock, .deleteLock,
    ]

    private var requestCount: Int64 = 0
    private var held: [Held] = []
    /// Requests with a key that may be sent again.
    private var keyed: [HistoryRequest] = []

    /// The next request of somebody.
    mutating func next(_ random: SimulatedRandom, longestLife: Duration) -> HistoryRequest {
        requestCount += 1
        var operation = random.pick(Self.operations)
        if operation == .deleteLock, random.chance(0.8) { operation = .finishServing }
        var request = HistoryRequest(requestCount, operation, of: random.pick(Self.ids))
        switch operation {
        case .issueTicket, .acquire: takeTicket(&request, random, longestLife)
        case .wait, .extend, .finishServing, .cleanUp: name(&request, random)
        default: break
        }
        if operation == .wait || operation == .acquire, request.timeout == nil {
            request.timeout = .milliseconds(random.span(0...8_000))
        }
        if operation == .extend { request.lifetime = Self.lifetime(random, longestLife) }
        return request
    }

    /// One of a crowd that comes at once.
    mutating func nextOfCrowd(_ id: ConversationID, lifetime: Duration) -> HistoryRequest {
        requestCount += 1
        var request = HistoryRequest(requestCount, .issueTicket, of: id)
        request.lifetime = lifetime
        return request
    }

    private static func lifetime(_ random: SimulatedRandom, _ longest: Duration) -> Duration {
        min(longest, .milliseconds(1 + random.span(0...15_000)))
    }

    private mutating func takeTicket(
        _ request: inout HistoryRequest, _ random: SimulatedRandom, _ longest: Duration
    ) {
        if random.chance(0.3), let old = keyed.last, random.chance(0.7) {
            // The same again.
            let number = request.request
            request = old
            request.request = number
            return
        }
        request.lifetime = Self.lifetime(random, longest)
        guard random.chance(0.4) else { return }
        request.key = "k\(request.request)"
        if request.operation == .acquire { request.timeout = .milliseconds(random.span(0...8_000)) }
        keyed.append(request)
        if keyed.count > 8 { keyed.removeFirst() }
    }

    private mutating func name(_ request: inout HistoryRequest, _ random: SimulatedRandom) {
        guard !held.isEmpty, random.chance(0.95) else {
            // A guess. Who guesses right, and is told, knows a ticket that is taken back from its caller.
            request.ticket = Int64(random.below(4))
            request.token = 1
            return
        }
        let ticket = held[random.below(held.count)]
        request.id = ticket.id
        request.ticket = ticket.number
        if random.chance(0.9) { request.token = ticket.token }
        if random.chance(0.03) {
            request.ticket = ticket.number + Int64(random.below(3))
            request.token = ticket.token
        }
    }

    /// Somebody was told of a ticket.
    mutating func told(_ id: ConversationID, _ status: TicketStatus) {
        held.removeAll { $0.token == status.token }
        held.append(Held(id: id, number: status.number, token: status.token))
        if held.count > 10 { held.removeFirst() }
    }
}

extension HistoryRequest {
    /// As the store is asked.
    var call: LockCall {
        let (number, lifetime) = (ticket ?? 0, lifetime ?? .seconds(60))
        let operation: LockOperation =
            switch self.operation {
            case .issueTicket: .issueTicket(lifetime: lifetime, key: key)
            case .acquire: .acquire(lifetime: lifetime, timeout: timeout ?? .zero, key: key)
            case .wait: .wait(number, token, timeout: timeout ?? .zero)
            case .extend, .watch: .extend(number, token, lifetime: lifetime)
            case .finishServing: .finishServing(number, token)
            case .cleanUp: .cleanUp(ticket, token)
            case .isWaiting: .isSomeoneWaiting
            case .getLock: .getLock(limit: .max, from: 0)
            case .putLock: .getOrCreateLock
            case .deleteLock: .deleteLock
            }
        return LockCall(operation, for: id)
    }
}
