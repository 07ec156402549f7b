import Foundation
import Glibc
import Support

/// A client that takes turns on some conversations, at any of the daemons, and notes what it is told. It dies now and
/// then, waiting or holding, as clients do; another one takes its place.
struct ChaosClient {
    private static let lifetime = 1.0
    /// Of a ticket from issue-ticket, whose lifetime runs while it waits.
    private static let queuedLifetime = 4.0
    private static let timeout = 2.0
    /// A holder stops working so long before its ticket expires.
    private static let margin = 0.05
    /// How long a client tries to get one ticket.
    private static let patience = 12.0

    let name: Int
    let ports: [UInt16]
    let conversations: [String]
    var random: SeededRandom
    private(set) var history = TurnHistory()
    private var client: RawHTTPClient?

    init(name: Int, ports: [UInt16], conversations: [String], random: SeededRandom) {
        self.name = name
        self.ports = ports
        self.conversations = conversations
        self.random = random
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
        if random.chance(0.7) {
            // Without a key every repetition is a caller of its own, and the one before it has gone.
            acquire(conversation, random.chance(0.3) ? nil : key, until: deadline)
        } else {
            issueAndWait(conversation, key, until: deadline)
        }
    }

    private mutating func acquire(_ conversation: String, _ key: String?, until deadline: Double) {
        let body =
            #"{"conversation_id":"\#(conversation)","lifetime":\#(Self.lifetime),"timeout":\#(Self.timeout)}"#
        while Self.now < deadline {
            guard let answer = wait("acquire", body, key, for: conversation) else { return }
            switch answer.status {
            case 0, 503: pause()
            case 201: return hold(answer.json, conversation)
            case 423: return
            default: return contradiction("acquire of \(conversation)", answer)
            }
        }
    }

    private mutating func issueAndWait(_ conversation: String, _ key: String, until deadline: Double) {
        let body = #"{"conversation_id":"\#(conversation)","lifetime":\#(Self.queuedLifetime)}"#
        var ticket: JSONValue?
        while ticket == nil, Self.now < deadline {
            let answer = post("issue-ticket", body, key)
            switch answer.status {
            case 0, 503: pause()
            case 201: ticket = answer.json
            default: return contradiction("issue-ticket of \(conversation)", answer)
            }
        }
        guard var ticket, let number = ticket["ticket"]?.integer, let token = ticket["token"]?.integer else {
            return
        }
        note(ticket, conversation)
        let waiting =
            #"{"conversation_id":"\#(conversation)","ticket":\#(number),"token":\#(token),"timeout":1.5}"#
        while ticket["is_locked"] != false, Self.now < deadline {
            guard let answer = wait("wait", waiting, nil, for: conversation) else { return }
            switch answer.status {
            case 0, 503: pause()
            case 200: ticket = answer.json
            case 410: return
            default: return contradiction("wait for ticket \(number) of \(conversation)", answer)
            }
        }
        if ticket["is_locked"] == false { hold(ticket, conversation) }
    }

    /// Works with a ticket that is being served, and finishes it; or dies with it.
    private mutating func hold(_ ticket: JSONValue, _ conversation: String) {
        let told = Self.now
        note(ticket, conversation)
        guard let number = ticket["ticket"]?.integer, let token = ticket["token"]?.integer,
            var expires = ticket["expires"]?.number
        else { return contradiction("a ticket of \(conversation)", (200, ticket)) }
        let given = TurnHistory.Given(conversation: conversation, number: number, token: token)
        let names = #"{"conversation_id":"\#(conversation)","ticket":\#(number),"token":\#(token)"#
        // A ticket may be told of so late that it is no use any more.
        guard told < expires - Self.margin else { return }
        let fate = Double.random(in: 0..<1, using: &random)
        let work = fate < 0.95 ? Double.random(in: 0.001..<0.04, using: &random) : Self.lifetime * 0.8
        var ended = told + work
        if fate > 0.98 { ended = .infinity }
        if fate > 0.96, fate < 0.98 {
            sleep(0.3)
            let answer = post("extend", names + #","lifetime":1.5}"#, nil)
            if answer.status == 200, let later = answer.json["expires"]?.number { expires = later }
        }
        ended = min(ended, expires - Self.margin)
        sleep(ended - Self.now)
        history.turns.append(
            TurnHistory.Turn(given: given, told: told, ended: max(told, min(Self.now, ended)), client: name))
        guard fate <= 0.98 else { return }
        finish(names + "}", of: conversation, number)
    }

    private mutating func finish(_ body: String, of conversation: String, _ number: Int) {
        let endpoint = random.chance(0.5) ? "finish-serving" : "cleanup"
        for _ in 0..<5 {
            let answer = post(endpoint, body, nil)
            switch answer.status {
            case 200: return
            case 0, 503: pause()
            default: return contradiction("\(endpoint) of ticket \(number) of \(conversation)", answer)
            }
        }
    }

    private mutating func note(_ ticket: JSONValue, _ conversation: String) {
        guard let number = ticket["ticket"]?.integer, let token = ticket["token"]?.integer else { return }
        history.given.append(TurnHistory.Given(conversation: conversation, number: number, token: token))
    }

    private mutating func contradiction(_ what: String, _ answer: (status: Int, json: JSONValue)) {
        history.contradictions.append("client \(name), \(what): \(answer.status) \(answer.json)")
    }

    // MARK: Calls

    /// A call that waits, which the client may not live to see the end of: nil.
    private mutating func wait(
        _ endpoint: String, _ body: String, _ key: String?, for conversation: String
    ) -> (status: Int, json: JSONValue)? {
        let began = Self.now
        if random.chance(0.06) {
            begin(endpoint, body, key)
            sleep(Double.random(in: 0..<0.3, using: &random))
            client?.reset()
            client = nil
            return nil
        }
        let answer = post(endpoint, body, key)
        // A connection that ends with its daemon is no answer.
        if answer.status != 0 || Self.now - began > 9 {
            history.calls.append(
                TurnHistory.Call(
                    conversation: conversation, began: began, ended: Self.now,
                    timeout: endpoint == "wait" ? 1.5 : Self.timeout,
                    description: "client \(name)'s \(endpoint) of \(conversation): \(answer.status)"))
        }
        return answer
    }

    /// Sends a request to one of the daemons; status 0 when the answer did not come.
    private mutating func post(_ endpoint: String, _ body: String, _ key: String?) -> (
        status: Int, json: JSONValue
    ) {
        begin(endpoint, body, key)
        do {
            guard let client else { return (0, .null) }
            let response = try client.response()
            if response.closesConnection || random.chance(0.3) { self.client = nil }
            return (response.status, try response.json)
        } catch {
            client = nil
            return (0, .null)
        }
    }

    /// Sends a request, on a new connection to any of the daemons unless there is one.
    private mutating func begin(_ endpoint: String, _ body: String, _ key: String?) {
        let headers = ["Content-Type: application/json"] + (key.map { ["Idempotency-Key: \($0)"] } ?? [])
        do {
            let client = try client ?? RawHTTPClient("127.0.0.1:\(random.pick(ports))")
            self.client = client
            try client.sendRequest("POST", "/v1/\(endpoint)", headers, body: Array(body.utf8))
        } catch {
            client = nil
        }
    }

    private mutating func pause() { sleep(Double.random(in: 0.02..<0.15, using: &random)) }

    private func sleep(_ seconds: Double) {
        if seconds > 0 { usleep(UInt32(seconds * 1e6)) }
    }
}
