package import TicketLock

/// Writes a history, line by line, as ``HistoryReader`` reads it.
package struct HistoryWriter: Sendable {
    /// What was written; whoever keeps a file takes it from here now and then.
    package var bytes: [UInt8] = []

    package init() {}

    /// Writes one line.
    package mutating func write(_ event: HistoryEvent, at moment: Instant) {
        append("{")
        field("at", moment.nanoseconds)
        switch event {
        case .sent(let request): fields(of: request)
        case .answered(let answer): fields(of: answer, "answered")
        case .written(let answer): fields(of: answer, "written")
        case .lost(let request, let isDone):
            field("event", "lost")
            field("request", request)
            field("done", isDone)
        case .listed(let listed):
            field("event", "listed")
            field("request", listed.request)
            field("ticket", listed.ticket)
            field("token", Int64(clamping: listed.token))
            field("expires_at", listed.expiresAt?.nanoseconds)
        case .fault(let fault):
            field("event", "fault")
            field("fault", fault.kind.rawValue)
            if fault.lasts > .zero { field("seconds", fault.lasts) }
        case .end: field("event", "end")
        }
        append("}\n")
    }

    private mutating func fields(of request: HistoryRequest) {
        field("event", "sent")
        field("request", request.request)
        field("client", request.client)
        field("op", request.operation.rawValue)
        field("conversation_id", request.id.string)
        field("ticket", request.ticket)
        field("token", request.token.map { Int64(clamping: $0) })
        field("lifetime", request.lifetime)
        field("timeout", request.timeout)
        field("patience", request.patience)
        field("key", request.key)
        if request.replaces { field("if_busy", "replace") }
    }

    private mutating func fields(of answer: HistoryAnswer, _ event: String) {
        field("event", event)
        field("request", answer.request)
        field("status", Int64(answer.status))
        field("code", answer.code)
        field("ticket", answer.ticket)
        field("token", answer.token.map { Int64(clamping: $0) })
        field("is_locked", answer.isLocked)
        field("now_serving", answer.nowServing)
        field("expires_in", answer.expiresIn)
        field("expires_at", answer.expiresAt?.nanoseconds)
        field("removed", answer.removed)
        field("deleted", answer.deleted)
        field("is_someone_waiting", answer.isSomeoneWaiting)
        field("waiting", answer.waiting)
    }

    // MARK: Values

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func key(_ name: StaticString) {
        if bytes.last != UInt8(ascii: "{") { append(",") }
        append("\"\(name)\":")
    }

    private mutating func field(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        key(name)
        append(String(value))
    }

    private mutating func field(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        key(name)
        append(value ? "true" : "false")
    }

    private mutating func field(_ name: StaticString, _ value: Duration?) {
        guard let value else { return }
        key(name)
        append(String(shownSeconds(value).dropLast(2)))
    }

    private mutating func field(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        append("\"")
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0..<0x20: append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        append("\"")
    }
}
