import Foundation
import HistoryChecker
import Support
import Synchronization
import Testing
import TicketLock

/// What the clients of a test ask and are told, judged line by line and kept in a file as long as it may be wanted:
/// for good when something is wrong.
///
/// Moments are the wall clock's, so that `expires` of an answer is one of them.
final class RecordedHistory: Sendable {
    private struct State: ~Copyable {
        var checker: HistoryChecker
        var writer = HistoryWriter()
        var requests: Int64 = 0
        var last = Instant(nanoseconds: 0)
        /// The conversations in which somebody was served.
        var served: Set<String> = []
        var problems: [String] = []

        init(_ options: HistoryOptions) {
            checker = HistoryChecker(options)
        }

        mutating func add(_ event: HistoryEvent) {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            let now = Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
            last = max(last, now)
            writer.write(event, at: last)
            do throws(HistoryError) {
                try checker.take(event, at: last)
            } catch {
                problems.append(error.description)
            }
        }
    }

    static let bytesKeptMax = 1 << 20

    let file: URL
    private let handle: FileHandle
    private let state: Mutex<State>

    /// - Parameter name: of the file, in the folder for temporary files.
    init(_ name: String, _ options: HistoryOptions) throws {
        file = FileManager.default.temporaryDirectory.appending(path: "ticketlockd-\(name).jsonl")
        try Data().write(to: file)
        handle = try FileHandle(forWritingTo: file)
        state = Mutex(State(options))
    }

    /// Notes a request before it is sent, and gives it its number.
    func sent(_ request: HistoryRequest) -> Int64 {
        state.withLock { state in
            state.requests += 1
            var request = request
            request.request = state.requests
            state.add(.sent(request))
            return state.requests
        }
    }

    /// Notes an answer that was read.
    func answered(_ request: Int64, to id: ConversationID, _ status: Int, _ json: JSONValue) {
        let answer = HistoryAnswer(request, status: status, json)
        let listed = (json["tickets"]?.array ?? []).compactMap { ListedTicket(request, $0) }
        state.withLock { state in
            for ticket in listed { state.add(.listed(ticket)) }
            state.add(.answered(answer))
            if answer.isLocked == false { state.served.insert(id.string) }
            flush(&state, Self.bytesKeptMax)
        }
    }

    /// Notes that no answer will come.
    func lost(_ request: Int64, isDone: Bool? = nil) {
        state.withLock { $0.add(.lost(request: request, isDone: isDone)) }
    }

    /// Notes a fault, before it can have an effect.
    func fault(_ kind: HistoryFault.Kind) { state.withLock { $0.add(.fault(HistoryFault(kind))) } }

    /// Notes an answer that no client should get.
    func problem(_ text: String) { state.withLock { $0.problems.append(text) } }

    /// How many conversations there were turns in.
    var servedCount: Int { state.withLock { $0.served.count } }
    var turnCount: Int { state.withLock { $0.checker.turnCount } }
    var requestCount: Int { state.withLock { $0.checker.requestCount } }

    /// What is wrong so far.
    var findings: [String] {
        state.withLock { state in state.problems + state.checker.findings.map(\.description) }
    }

    /// Records what is wrong at the end as issues; the file is kept then.
    func judge(_ comment: String) throws {
        state.withLock { state in
            state.add(.end)
            flush(&state, 0)
        }
        try handle.close()
        let findings = findings
        guard !findings.isEmpty else { return try FileManager.default.removeItem(at: file) }
        for finding in findings.prefix(20) { Issue.record("\(comment): \(finding)") }
        Issue.record("\(comment): \(findings.count) findings, the history is in \(file.path)")
    }

    private func flush(_ state: inout State, _ kept: Int) {
        guard state.writer.bytes.count > kept else { return }
        do {
            try handle.write(contentsOf: state.writer.bytes)
        } catch {
            state.problems.append("the history cannot be written to \(file.path): \(error)")
        }
        state.writer.bytes.removeAll(keepingCapacity: true)
    }
}

extension HistoryAnswer {
    /// Of the daemon's JSON.
    fileprivate init(_ request: Int64, status: Int, _ json: JSONValue) {
        self.init(request, status: status)
        code = json["code"]?.string
        ticket = json["ticket"]?.integer.map { TicketNumber($0) }
        token = json["token"]?.integer.map { FencingToken($0) }
        isLocked = json["is_locked"]?.flag
        nowServing = json["now_serving"]?.integer.map { TicketNumber($0) }
        expiresIn = json["expires_in"]?.number.map { .nanoseconds(Int64($0 * 1e9)) }
        expiresAt = json["expires"]?.number.map { Instant(nanoseconds: Int64($0 * 1e9)) }
        removed = json["removed"]?.flag
        deleted = json["deleted"]?.flag
        isSomeoneWaiting = json["is_someone_waiting"]?.flag
        waiting = json["waiting"]?.integer.map { Int64($0) }
    }
}

extension ListedTicket {
    fileprivate init?(_ request: Int64, _ json: JSONValue) {
        guard let number = json["number"]?.integer, let token = json["token"]?.integer,
            let expires = json["expires"]?.number
        else { return nil }
        self.init(
            request, ticket: TicketNumber(number), token: FencingToken(token),
            expiresAt: Instant(nanoseconds: Int64(expires * 1e9)))
    }
}

extension JSONValue {
    fileprivate var flag: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }
}

extension HistoryRequest {
    /// The path of its endpoint.
    var path: String { "/v1/" + operation.rawValue.replacing("_", with: "-") }

    /// Its body. The conversation's ID needs no escapes.
    var body: [UInt8] {
        var fields = [#""conversation_id":"\#(id.string)""#]
        if let ticket { fields.append(#""ticket":\#(ticket)"#) }
        if let token { fields.append(#""token":\#(token)"#) }
        if let lifetime { fields.append(#""lifetime":\#(lifetime / .seconds(1))"#) }
        if let timeout { fields.append(#""timeout":\#(timeout / .seconds(1))"#) }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }

    var headers: [String] {
        ["Content-Type: application/json"] + (key.map { ["Idempotency-Key: \($0)"] } ?? [])
    }
}
