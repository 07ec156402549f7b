import CJSON
import TicketLock

/// The fields of one line, as far as they are read.
struct ParsedLine {
    let line: Int
    private var seen: UInt64 = 0
    private var at: Instant?
    private var kind = ""
    private var operation = ""
    private var id: ConversationID?
    private var number: Int64?
    private var status: Int64?
    private var isDone: Bool?
    private var fault = ""
    private var lasts = Duration.zero
    private var sent = HistoryRequest(0, .wait, of: ConversationID(""))
    private var answer = HistoryAnswer(0, status: 0)

    init(line: Int) {
        self.line = line
    }

    mutating func set(_ member: cjson_member) throws(HistoryError) {
        let name = UnsafeRawBufferPointer(start: member.key, count: member.key_length)
        guard let field = HistoryField.named(name) else {
            throw error("\(quoted(String(decoding: name, as: UTF8.self))) is not a field of a history")
        }
        guard seen & 1 << field.rawValue == 0 else { throw error("\(field.name) is given more than once") }
        seen |= 1 << field.rawValue
        switch field {
        case .at: at = Instant(nanoseconds: try integer(member, field))
        case .event: kind = try text(member, field)
        case .request: number = try integer(member, field)
        case .client:
            sent.client = member.kind == CJSON_KIND_INTEGER ? "\(member.integer)" : try text(member, field)
        case .operation: operation = try text(member, field)
        case .id: id = ConversationID(try text(member, field))
        case .ticket:
            sent.ticket = try integer(member, field)
            answer.ticket = sent.ticket
        case .token:
            sent.token = FencingToken(clamping: try integer(member, field))
            answer.token = sent.token
        case .lifetime: sent.lifetime = try span(member, field)
        case .timeout: sent.timeout = try span(member, field)
        case .patience: sent.patience = try span(member, field)
        case .key: sent.key = try text(member, field)
        case .ifBusy: sent.replaces = try text(member, field) == "replace"
        default: try setAnswered(field, member)
        }
    }

    private mutating func setAnswered(_ field: HistoryField, _ member: cjson_member) throws(HistoryError) {
        switch field {
        case .status: status = try integer(member, field)
        case .code: answer.code = try text(member, field)
        case .isLocked: answer.isLocked = try flag(member, field)
        case .nowServing: answer.nowServing = try integer(member, field)
        case .expiresIn: answer.expiresIn = try span(member, field)
        case .expiresAt: answer.expiresAt = Instant(nanoseconds: try integer(member, field))
        case .removed: answer.removed = try flag(member, field)
        case .deleted: answer.deleted = try flag(member, field)
        case .isSomeoneWaiting: answer.isSomeoneWaiting = try flag(member, field)
        case .waiting: answer.waiting = try integer(member, field)
        case .done: isDone = try flag(member, field)
        case .fault: fault = try text(member, field)
        case .seconds: lasts = try span(member, field)
        default: return
        }
    }

    /// What the line says, once all its fields are set.
    func event() throws(HistoryError) -> (HistoryEvent, Instant) {
        guard let at else { throw error("at is missing") }
        switch kind {
        case "sent": return (.sent(try request()), at)
        case "answered": return (.answered(try answered()), at)
        case "written": return (.written(try answered()), at)
        case "lost": return (.lost(request: try requestNumber(), isDone: isDone), at)
        case "listed":
            guard let ticket = answer.ticket, let token = answer.token else {
                throw error("ticket and token are missing")
            }
            return (
                .listed(
                    ListedTicket(
                        try requestNumber(), ticket: ticket, token: token, expiresAt: answer.expiresAt)), at
            )
        case "fault":
            guard let kind = HistoryFault.Kind(rawValue: fault) else {
                throw unknown("fault", fault, HistoryFault.Kind.allCases.map(\.rawValue))
            }
            return (.fault(HistoryFault(kind, lasts: lasts)), at)
        case "end": return (.end, at)
        default:
            throw unknown(
                "event", kind, ["sent", "answered", "written", "lost", "listed", "fault", "end"])
        }
    }

    private func request() throws(HistoryError) -> HistoryRequest {
        guard let known = HistoryRequest.Operation(rawValue: operation) else {
            throw unknown("op", operation, HistoryRequest.Operation.allCases.map(\.rawValue))
        }
        guard let id else { throw error("conversation_id is missing") }
        var request = sent
        request.request = try requestNumber()
        request.operation = known
        request.id = id
        return request
    }

    private func answered() throws(HistoryError) -> HistoryAnswer {
        guard let status else { throw error("status is missing") }
        var answer = answer
        answer.request = try requestNumber()
        answer.status = Int(status)
        return answer
    }

    private func requestNumber() throws(HistoryError) -> Int64 {
        guard let number else { throw error("request is missing") }
        return number
    }

    // MARK: Values

    private func integer(_ member: cjson_member, _ field: HistoryField) throws(HistoryError) -> Int64 {
        guard member.kind == CJSON_KIND_INTEGER else { throw error("\(field.name) is not an integer") }
        return member.integer
    }

    private func flag(_ member: cjson_member, _ field: HistoryField) throws(HistoryError) -> Bool {
        guard member.kind == CJSON_KIND_BOOLEAN else { throw error("\(field.name) is not true or false") }
        return member.integer != 0
    }

    private func text(_ member: cjson_member, _ field: HistoryField) throws(HistoryError) -> String {
        guard member.kind == CJSON_KIND_STRING else { throw error("\(field.name) is not a string") }
        return String(
            decoding: UnsafeRawBufferPointer(start: member.string, count: member.string_length), as: UTF8.self
        )
    }

    /// A number of seconds.
    private func span(_ member: cjson_member, _ field: HistoryField) throws(HistoryError) -> Duration {
        switch member.kind {
        case CJSON_KIND_INTEGER where abs(member.integer) <= 1_000_000_000: return .seconds(member.integer)
        case CJSON_KIND_DOUBLE where abs(member.real) <= 1e9:
            return .nanoseconds(Int64((member.real * 1e9).rounded()))
        default: throw error("\(field.name) is not a number of seconds")
        }
    }

    private func unknown(_ field: String, _ value: String, _ known: [String]) -> HistoryError {
        error("\(field): \(quoted(value)) is not one of \(known.joined(separator: ", "))")
    }

    private func error(_ text: String) -> HistoryError { HistoryError(line: line, text: text) }
}
