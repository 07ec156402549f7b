import Foundation
import Glibc
import Support

/// A client of a daemon that is killed again and again. It notes what it was answered, and what it does not know.
///
/// `@unchecked Sendable`: used by one thread at a time, its own while the daemon runs and the test's after that.
final class KilledClient: @unchecked Sendable {
    struct Held {
        let number: Int
        let token: Int
        /// What it may be: more than one moment when the answer to an extension did not come.
        var expires: [Double]
        /// Its end was asked for and not answered.
        var mayBeGone = false
    }

    private let conversations: [String]
    private var random: SeededRandom
    private let name: Int
    /// Tickets that were answered, by conversation.
    private(set) var held: [String: [Held]] = [:]
    /// Tokens whose end was answered.
    private(set) var finished: Set<Int> = []
    /// Every ticket that was ever answered, with its conversation.
    private(set) var given: [(conversation: String, number: Int, token: Int)] = []
    private(set) var contradictions: [String] = []
    private(set) var answers = 0
    /// A request whose answer did not come, to be sent again with its key.
    private var unanswered: (conversation: String, key: String)?
    private var client: RawHTTPClient?

    init(name: Int, conversations: [String], random: SeededRandom) {
        self.name = name
        self.conversations = conversations
        self.random = random
    }

    /// Works until the daemon answers no more.
    func run(at address: String) {
        guard let client = try? RawHTTPClient(address) else { return }
        self.client = client
        if let unanswered, !issue(unanswered.conversation, key: unanswered.key) { return }
        while true {
            let conversation = random.pick(conversations)
            let mine = held[conversation] ?? []
            let choice = Double.random(in: 0..<1, using: &random)
            let isAlive: Bool
            if mine.isEmpty || choice < 0.4 {
                isAlive = issue(conversation, key: "\(name)-\(random.next())")
            } else if choice < 0.6 {
                isAlive = extend(conversation, Int.random(in: mine.indices, using: &random))
            } else {
                isAlive = finish(conversation, Int.random(in: mine.indices, using: &random))
            }
            if !isAlive { return }
        }
    }

    private func issue(_ conversation: String, key: String) -> Bool {
        unanswered = (conversation, key)
        let body = #"{"conversation_id":"\#(conversation)","lifetime":600}"#
        guard let (status, json) = post("issue-ticket", body, key) else { return false }
        guard status == 201, let number = json["ticket"]?.integer, let token = json["token"]?.integer,
            let expires = json["expires"]?.number
        else { return contradiction("issue-ticket: \(status) \(json)") }
        unanswered = nil
        given.append((conversation, number, token))
        held[conversation, default: []].append(Held(number: number, token: token, expires: [expires]))
        return true
    }

    private func extend(_ conversation: String, _ index: Int) -> Bool {
        guard let ticket = held[conversation]?[index] else { return true }
        let lifetime = Int.random(in: 300...900, using: &random)
        held[conversation]?[index].expires = ticket.expires + [-Double(lifetime)]
        let body =
            #"{"conversation_id":"\#(conversation)","ticket":\#(ticket.number),"token":\#(ticket.token),"lifetime":\#(lifetime)}"#
        guard let (status, json) = post("extend", body, nil) else { return false }
        if status == 410, ticket.mayBeGone {
            held[conversation]?.remove(at: index)
            return true
        }
        guard status == 200, let expires = json["expires"]?.number else {
            return contradiction("extend: \(status) \(json)")
        }
        held[conversation]?[index].expires = [expires]
        return true
    }

    private func finish(_ conversation: String, _ index: Int) -> Bool {
        guard let ticket = held[conversation]?[index] else { return true }
        held[conversation]?[index].mayBeGone = true
        let endpoint = random.chance(0.5) ? "finish-serving" : "cleanup"
        let body =
            #"{"conversation_id":"\#(conversation)","ticket":\#(ticket.number),"token":\#(ticket.token)}"#
        guard let (status, json) = post(endpoint, body, nil) else { return false }
        guard status == 200, json["removed"] == .bool(true) || ticket.mayBeGone else {
            return contradiction("\(endpoint): \(status) \(json)")
        }
        held[conversation]?.remove(at: index)
        finished.insert(ticket.token)
        return true
    }

    private func contradiction(_ text: String) -> Bool {
        contradictions.append("client \(name), \(text)")
        return true
    }

    /// Nil when no answer came.
    private func post(_ endpoint: String, _ body: String, _ key: String?) -> (Int, JSONValue)? {
        let headers = ["Content-Type: application/json"] + (key.map { ["Idempotency-Key: \($0)"] } ?? [])
        do {
            guard let client else { return nil }
            try client.sendRequest("POST", "/v1/\(endpoint)", headers, body: Array(body.utf8))
            let response = try client.response()
            answers += 1
            return (response.status, try response.json)
        } catch {
            client = nil
            return nil
        }
    }
}
