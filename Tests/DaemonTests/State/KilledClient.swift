import Foundation
import Glibc
import HistoryChecker
import Support
import TicketLock

/// A client of a daemon that is killed again and again; what it is told goes into a history.
///
/// `@unchecked Sendable`: used by one thread at a time, its own while the daemon runs and the test's after that.
final class KilledClient: @unchecked Sendable {
    private let conversations: [String]
    private let history: RecordedHistory
    private var random: SeededRandom
    private let name: Int
    /// Requests for the tickets that were answered and not finished yet, by conversation.
    private var held: [String: [HistoryRequest]] = [:]
    /// A request whose answer did not come, to be sent again with its key.
    private var unanswered: HistoryRequest?
    private var client: RawHTTPClient?

    init(name: Int, conversations: [String], random: SeededRandom, history: RecordedHistory) {
        self.name = name
        self.conversations = conversations
        self.random = random
        self.history = history
    }

    /// Works until the daemon answers no more.
    func run(at address: String) {
        guard let client = try? RawHTTPClient(address) else { return }
        self.client = client
        if let unanswered, !issue(unanswered) { return }
        while true {
            let conversation = random.pick(conversations)
            let mine = held[conversation] ?? []
            let choice = Double.random(in: 0..<1, using: &random)
            let isAlive: Bool
            if mine.isEmpty || choice < 0.4 {
                var request = HistoryRequest(0, .issueTicket, of: ConversationID(conversation))
                request.client = "client \(name)"
                (request.lifetime, request.key) = (.seconds(600), "\(name)-\(random.next())")
                isAlive = issue(request)
            } else {
                isAlive = act(Int.random(in: mine.indices, using: &random), of: conversation, choice)
            }
            if !isAlive { return }
        }
    }

    private func issue(_ request: HistoryRequest) -> Bool {
        unanswered = request
        guard let (status, json) = post(request) else { return false }
        guard status == 201, let number = json["ticket"]?.integer, let token = json["token"]?.integer else {
            return contradiction(request, status, json)
        }
        unanswered = nil
        var ticket = HistoryRequest(0, .extend, of: request.id)
        ticket.client = request.client
        (ticket.ticket, ticket.token) = (TicketNumber(number), FencingToken(token))
        held[request.id.string, default: []].append(ticket)
        return true
    }

    /// Extends a ticket or finishes it.
    private func act(_ index: Int, of conversation: String, _ choice: Double) -> Bool {
        guard var request = held[conversation]?[index] else { return true }
        if choice < 0.6 {
            request.lifetime = .seconds(Int64.random(in: 300...900, using: &random))
        } else {
            request.operation = random.chance(0.5) ? .finishServing : .cleanUp
        }
        guard let (status, json) = post(request) else { return false }
        // One whose end was asked for without an answer may be gone.
        guard status == 200 || request.operation == .extend && status == 410 else {
            return contradiction(request, status, json)
        }
        if status == 410 || request.operation != .extend { held[conversation]?.remove(at: index) }
        return true
    }

    private func contradiction(_ request: HistoryRequest, _ status: Int, _ json: JSONValue) -> Bool {
        history.problem("\(request): \(status) \(json)")
        return true
    }

    /// Nil when no answer came.
    private func post(_ request: HistoryRequest) -> (Int, JSONValue)? {
        guard let client else { return nil }
        let number = history.sent(request)
        do {
            try client.sendRequest("POST", request.path, request.headers, body: request.body)
            let response = try client.response()
            let json = try response.json
            history.answered(number, to: request.id, response.status, json)
            return (response.status, json)
        } catch {
            history.lost(number)
            self.client = nil
            return nil
        }
    }
}
