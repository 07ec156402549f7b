import CJSON
import Glibc
import TicketLock

/// The fields requests are made of. Which of them a request takes is its endpoint's matter.
enum Field: UInt8, CaseIterable {
    case conversationID, ticket, token, lifetime, timeout, prefix, limit, cursor

    /// As it is written in JSON and in queries.
    var name: StaticString {
        switch self {
        case .conversationID: "conversation_id"
        case .ticket: "ticket"
        case .token: "token"
        case .lifetime: "lifetime"
        case .timeout: "timeout"
        case .prefix: "prefix"
        case .limit: "limit"
        case .cursor: "cursor"
        }
    }

    /// The field of that name, if it is one of `allowed`.
    static func named(_ name: UnsafeRawBufferPointer, in allowed: Fields) -> Field? {
        guard let start = name.baseAddress else { return nil }
        for field in allCases where allowed.contains(Fields(field)) {
            let known = field.name
            if known.utf8CodeUnitCount == name.count, memcmp(known.utf8Start, start, name.count) == 0 {
                return field
            }
        }
        return nil
    }

    var code: Problem.Code {
        switch self {
        case .conversationID: .invalidConversationID
        case .ticket: .invalidTicket
        case .token: .invalidToken
        case .lifetime: .invalidLifetime
        case .timeout: .invalidTimeout
        case .prefix: .invalidPrefix
        case .limit: .invalidLimit
        case .cursor: .invalidCursor
        }
    }

    /// The problem with a value: names the field, the value and what is allowed.
    func problem(_ value: String, _ allowed: String) -> Problem {
        Problem(code, "\(name): \(value) is not \(allowed)", field: "\(name)")
    }

    func missing(_ allowed: String) -> Problem {
        Problem(code, "\(name) is missing; it must be \(allowed)", field: "\(name)")
    }
}

/// Some of the fields.
struct Fields: OptionSet {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ field: Field) { rawValue = 1 << field.rawValue }

    static let conversationID = Fields(.conversationID)
    static let ticket = Fields(.ticket)
    static let token = Fields(.token)
    static let lifetime = Fields(.lifetime)
    static let timeout = Fields(.timeout)
    static let prefix = Fields(.prefix)
    static let limit = Fields(.limit)
    static let cursor = Fields(.cursor)

    /// Their names, for a person.
    var names: String {
        Field.allCases.filter { contains(Fields($0)) }.map { "\($0.name)" }.joined(separator: ", ")
    }
}

/// The checked fields of one request; nil for those that were not sent.
struct Parameters {
    /// The largest integer that every JSON reader keeps exact.
    static let integerMax: Int64 = 9_007_199_254_740_991
    static let limitMax: Int64 = 1000

    private(set) var conversationID: ConversationID?
    private(set) var ticket: TicketNumber?
    private(set) var token: FencingToken?
    private(set) var lifetime: Duration?
    private(set) var timeout: Duration?
    private(set) var prefix: String?
    private(set) var limit: Int?
    private(set) var cursor: Int?

    /// The conversation ID, or the problem that it is missing.
    func requiredID(_ limits: LockLimits) throws(Problem) -> ConversationID {
        guard let conversationID else {
            throw Field.conversationID.missing(Self.idAllowed(limits))
        }
        return conversationID
    }

    func requiredTicket() throws(Problem) -> TicketNumber {
        guard let ticket else { throw Field.ticket.missing(Self.integerAllowed) }
        return ticket
    }

    /// Takes one field of a JSON body.
    mutating func set(_ field: Field, _ member: cjson_member, _ limits: LockLimits) throws(Problem) {
        switch field {
        case .conversationID:
            conversationID = try Self.checkedID(try member.text(field, Self.idAllowed(limits)), limits)
        case .ticket: ticket = try member.integer(field, Self.integerAllowed, 0...Self.integerMax)
        case .token: token = UInt64(try member.integer(field, Self.integerAllowed, 0...Self.integerMax))
        case .lifetime:
            lifetime = try Self.span(
                member, field, "a number of seconds above 0, at most \(Self.seconds(limits.maxLifetime))",
                limits.maxLifetime
            ) { $0 > 0 }
        case .timeout:
            timeout = try Self.span(
                member, field, "a number of seconds from 0 to \(Self.seconds(limits.maxWait))", limits.maxWait
            ) { $0 >= 0 }
        case .prefix, .limit, .cursor: preconditionFailure("\(field) is a query parameter")
        }
    }

    /// Takes one parameter of a query, its escapes undone.
    mutating func set(_ field: Field, query value: String, _ limits: LockLimits) throws(Problem) {
        switch field {
        case .conversationID: conversationID = try Self.checkedID(value, limits)
        case .prefix:
            guard value.utf8.count <= limits.conversationIDBytesMax else {
                throw field.problem(quoted(value), "at most \(limits.conversationIDBytesMax) bytes of UTF-8")
            }
            prefix = value
        case .limit: limit = try Self.integer(field, value, 1...Self.limitMax)
        case .cursor: cursor = try Self.integer(field, value, 0...Self.integerMax)
        case .ticket, .token, .lifetime, .timeout: preconditionFailure("\(field) is a field of the body")
        }
    }

    static let integerAllowed = "an integer from 0 to \(integerMax)"

    static func idAllowed(_ limits: LockLimits) -> String {
        "a string of 1 to \(limits.conversationIDBytesMax) bytes of UTF-8 without NUL"
    }

    private static func checkedID(_ text: String, _ limits: LockLimits) throws(Problem) -> ConversationID {
        let length = text.utf8.count
        guard length > 0, length <= limits.conversationIDBytesMax, !hasNUL(text) else {
            throw Field.conversationID.problem("\(quoted(text)) (\(length) bytes)", idAllowed(limits))
        }
        return ConversationID(text)
    }

    private static func hasNUL(_ text: String) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        } ?? text.utf8.contains(0)
    }

    private static func span(
        _ member: cjson_member, _ field: Field, _ allowed: @autoclosure () -> String, _ longest: Duration,
        _ isAllowed: (Double) -> Bool
    ) throws(Problem) -> Duration {
        let seconds = try member.number(field, allowed())
        guard isAllowed(seconds), seconds <= Self.seconds(longest) else {
            throw field.problem(member.shown, allowed())
        }
        // Up, so that no positive span becomes none.
        return .nanoseconds(Int64((seconds * 1e9).rounded(.up)))
    }

    private static func integer(
        _ field: Field, _ text: String, _ range: ClosedRange<Int64>
    ) throws(Problem) -> Int {
        guard let first = text.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            let value = Int64(text), range.contains(value)
        else {
            throw field.problem(quoted(text), "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(value)
    }

    private static func seconds(_ span: Duration) -> Double { Double(span.nanoseconds) / 1e9 }
}

extension cjson_member {
    var name: String {
        String(decoding: UnsafeRawBufferPointer(start: key, count: key_length), as: UTF8.self)
    }

    private var stringValue: String {
        String(decoding: UnsafeRawBufferPointer(start: self.string, count: string_length), as: UTF8.self)
    }

    /// The value as an error message shows it.
    var shown: String {
        switch kind {
        case CJSON_KIND_STRING: quoted(stringValue)
        case CJSON_KIND_INTEGER: String(integer)
        case CJSON_KIND_UNSIGNED: String(unsigned_integer)
        case CJSON_KIND_DOUBLE: String(real)
        case CJSON_KIND_HUGE: "a number too large to be read"
        case CJSON_KIND_BOOLEAN: "a boolean"
        case CJSON_KIND_NULL: "null"
        case CJSON_KIND_ARRAY: "an array"
        default: "an object"
        }
    }

    func text(_ field: Field, _ allowed: @autoclosure () -> String) throws(Problem) -> String {
        guard kind == CJSON_KIND_STRING else { throw field.problem(shown, allowed()) }
        return stringValue
    }

    func number(_ field: Field, _ allowed: @autoclosure () -> String) throws(Problem) -> Double {
        switch kind {
        case CJSON_KIND_INTEGER: return Double(integer)
        case CJSON_KIND_UNSIGNED: return Double(unsigned_integer)
        case CJSON_KIND_DOUBLE: return real
        default: throw field.problem(shown, allowed())
        }
    }

    /// An integer, also when it is written with a fraction of nought or an exponent.
    func integer(_ field: Field, _ allowed: String, _ range: ClosedRange<Int64>) throws(Problem) -> Int64 {
        let value: Int64?
        switch kind {
        case CJSON_KIND_INTEGER: value = integer
        case CJSON_KIND_DOUBLE: value = Int64(exactly: real)
        default: value = nil
        }
        guard let value, range.contains(value) else { throw field.problem(shown, allowed) }
        return value
    }
}

/// A text as an error message shows it: cut to a readable length.
func quoted(_ text: String) -> String {
    let shown = text.prefix(64)
    return shown.endIndex == text.endIndex ? "\"\(shown)\"" : "\"\(shown)...\""
}
