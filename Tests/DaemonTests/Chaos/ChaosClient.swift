import Foundation
import Glibc
import HistoryChecker
import Support
import TicketLock

/// A client that takes turns on some conversations, at any of the daemons, and notes what it is told. It dies now and
/// then, waiting or holding, as clients do; another one takes its place.
struct ChaosClient {
    private static let lifetime = Duration.seconds(1)
    /// Of a ticket from issue-ticket, whose lifetime runs while it waits.
    private static let queuedLifetime = Duration.seconds(4)
    private static let timeout = Duration.seconds(2)
    private static let waitTimeout = Duration.milliseconds(1500)
    /// A holder stops working so long before its ticket expires.
    private static let margin = 0.05
    /// How long a client tries to get one ticket.
    private static let patience = 12.0

    let name: Int
    let ports: [UInt16]
    let conversations: [String]
    /// Only acquires, and never with a key: nobody keeps a place whose caller has gone.
    let isKeyless: Bool
    var random: SeededRandom
    let history: RecordedHistory
    private var client: RawHTTPClient?

    init(
        name: Int, ports: [UInt16], conversations: [String], isKeyless: Bool, random: SeededRandom,
        history: RecordedHistory
    ) {
        self.name = name
        self.ports = ports
        self.conversations = conversations
        self.isKeyless = isKeyless
        self.random = random
        self.history = history
    }

    /// Takes turns until `deadline`.
    mutating func run(until deadline: Double) {
        while Self.now < deadline {
            takeTurn(of: random.pick(conversations), until: min(deadline, Self.now + Self.patience))
        }
    }

    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: A turn

    private mutating func takeTurn(of conversation: String, until deadline: Double) {
        let key = "\(name)-\(random.next())"
        if isKeyless {
            acquire(conversation, nil, until: deadline)
        } else if random.chance(0.7) {
            // Without a key every repetition is a caller of its own, and the one before it has gone.
            acquire(conversation, random.chance(0.3) ? nil : key, until: deadline)
        } else {
            issueAndWait(conversation, key, until: deadline)
        }
    }

    private mutating func acquire(_ conversation: String, _ key: String?, until deadline: Double) {
        var request = request(.acquire, conversation)
        (request.lifetime, request.timeout, request.key) = (Self.lifetime, Self.timeout, key)
        while Self.now < deadline {
            guard let answer = wait(request) else { return }
            switch answer.status {
            case 0, 503: pause()
            case 201: return hold(answer.json, conversation)
            case 423: return
            default: return contradiction(request, answer)
            }
        }
    }

    private mutating func issueAndWait(_ conversation: String, _ key: String, until deadline: Double) {
        var request = request(.issueTicket, conversation)
        (request.lifetime, request.key) = (Self.queuedLifetime, key)
        var ticket = JSONValue.null
        while ticket == .null, Self.now < deadline {
            let answer = post(request)
            switch answer.status {
            case 0, 503: pause()
            case 201: ticket = answer.json
            default: return contradiction(request, answer)
            }
        }
        guard var waiting = self.request(.wait, conversation, ticket) else { return }
        waiting.timeout = Self.waitTimeout
        while ticket["is_locked"] != false, Self.now < deadline {
            guard let answer = wait(waiting) else { return }
            switch answer.status {
            case 0, 503: pause()
            case 200: ticket = answer.json
            case 410: return
            default: return contradiction(waiting, answer)
            }
        }
        if ticket["is_locked"] == false { hold(ticket, conversation) }
    }

    /// Works with a ticket that is being served, and finishes it; or dies with it.
    private mutating func hold(_ ticket: JSONValue, _ conversation: String) {
        let told = Self.now
        guard let expires = ticket["expires"]?.number,
            var finish = request(.finishServing, conversation, ticket)
        else { return history.problem("client \(name): a ticket of \(conversation): \(ticket)") }
        let fate = Double.random(in: 0..<1, using: &random)
        guard fate < 0.98 else { return }
        let work = fate < 0.95 ? Double.random(in: 0.001..<0.04, using: &random) : 0.8
        if fate > 0.96 {
            sleep(0.3)
            var extend = finish
            (extend.operation, extend.lifetime) = (.extend, .milliseconds(1500))
            _ = post(extend)
        }
        // It may finish too late, as clients do; what it would remove then is gone.
        sleep(min(told + work, expires) - Self.now)
        if random.chance(0.5) { finish.operation = .cleanUp }
        for _ in 0..<5 {
            let answer = post(finish)
            switch answer.status {
            case 200: return
            case 0, 503: pause()
            default: return contradiction(finish, answer)
            }
        }
    }

    private func request(_ operation: HistoryRequest.Operation, _ conversation: String) -> HistoryRequest {
        var request = HistoryRequest(0, operation, of: ConversationID(conversation))
        request.client = "client \(name)"
        return request
    }

    /// A request for a ticket that was answered.
    private func request(
        _ operation: HistoryRequest.Operation, _ conversation: String, _ ticket: JSONValue
    ) -> HistoryRequest? {
        guard let number = ticket["ticket"]?.integer, let token = ticket["token"]?.integer else { return nil }
        var request = request(operation, conversation)
        (request.ticket, request.token) = (TicketNumber(number), FencingToken(token))
        return request
    }

    private func contradiction(_ request: HistoryRequest, _ answer: (status: Int, json: JSONValue)) {
        history.problem("client \(name), \(request): \(answer.status) \(answer.json)")
    }

    // MARK: Calls

    /// A call that waits, which the client may not live to see the end of: nil.
    private mutating func wait(_ request: HistoryRequest) -> (status: Int, json: JSONValue)? {
        guard random.chance(0.06) else { return post(request) }
        guard let number = begin(request) else { return nil }
        sleep(Double.random(in: 0..<0.3, using: &random))
        history.lost(number)
        client?.reset()
        client = nil
        return nil
    }

    /// Sends a request to one of the daemons; status 0 when the answer did not come.
    private mutating func post(_ request: HistoryRequest) -> (status: Int, json: JSONValue) {
        guard let number = begin(request), let client else { return (0, .null) }
        do {
            let response = try client.response()
            let json = try response.json
            history.answered(number, to: request.id, response.status, json)
            if response.closesConnection || random.chance(0.3) { self.client = nil }
            return (response.status, json)
        } catch {
            history.lost(number)
            self.client = nil
            return (0, .null)
        }
    }

    /// Sends a request, on a new connection to any of the daemons unless there is one; nil when that failed.
    private mutating func begin(_ request: HistoryRequest) -> Int64? {
        // A daemon that cannot be reached is asked nothing.
        guard let client = connect() else { return nil }
        let number = history.sent(request)
        do {
            try client.sendRequest("POST", request.path, request.headers, body: request.body)
            return number
        } catch {
            history.lost(number)
            self.client = nil
            return nil
        }
    }

    /// A connection to any of the daemons, unless there is one.
    private mutating func connect() -> RawHTTPClient? {
        if client == nil { client = try? RawHTTPClient("127.0.0.1:\(random.pick(ports))") }
        return client
    }

    private mutating func pause() { sleep(Double.random(in: 0.02..<0.15, using: &random)) }

    private func sleep(_ seconds: Double) {
        if seconds > 0 { usleep(UInt32(seconds * 1e6)) }
    }
}
