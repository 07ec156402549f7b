import CJSON
import Glibc
import TicketLock

@testable import LockAPI

/// The body of a request: what is read of it must be what another reader of JSON reads, no more and no less.
enum JSONTarget {
    private static let membersMax = 16
    private static let fields: Fields = [.conversationID, .ticket, .token, .lifetime, .timeout]

    static func run(_ input: UnsafeRawBufferPointer) throws {
        try readMembers(input)
        let limits = LockLimits()
        let reader = RequestReader(bodyBytesMax: 16_384)
        let parameters: Parameters
        do throws(Problem) {
            parameters = try reader.body(input, fields, limits)
        } catch {
            try check(error)
            return
        }
        let json = try document(input)
        if let id = parameters.conversationID {
            try Finding.unless(
                json?["conversation_id"] == .string(Array(id.description.utf8)), "another conversation ID")
        }
        if let lifetime = parameters.lifetime {
            try Finding.unless(
                lifetime > .zero && lifetime <= limits.maxLifetime, "a lifetime of \(lifetime)")
        }
    }

    /// A problem is shown to a client: it must be JSON itself, whatever it quotes.
    static func check(_ problem: Problem) throws(Finding) {
        let body = problem.body(nil, now: Instant(nanoseconds: 0))
        do throws(PlainJSON.Problem) {
            let json = try PlainJSON(body)
            try finding(json["code"] == .string(Array(problem.code.rawValue.utf8)), body)
        } catch {
            throw Finding(
                "a problem that is no JSON: \(String(decoding: body, as: UTF8.self).debugDescription)")
        }
    }

    private static func finding(_ holds: Bool, _ body: [UInt8]) throws(PlainJSON.Problem) {
        if !holds { throw .syntax }
    }

    /// nil: nested so deep that the two may differ.
    private static func document(_ input: UnsafeRawBufferPointer) throws -> PlainJSON? {
        do throws(PlainJSON.Problem) {
            return try PlainJSON(input)
        } catch {
            if error == .tooDeep { return nil }
            throw Finding("what is no JSON has been read")
        }
    }

    private static func readMembers(_ input: UnsafeRawBufferPointer) throws {
        guard let parser = cjson_parser_new(16_384) else { throw Finding("no parser") }
        defer { cjson_parser_free(parser) }
        let members = UnsafeMutablePointer<cjson_member>.allocate(capacity: membersMax)
        defer { members.deallocate() }
        var reason: UnsafePointer<CChar>?
        let count = cjson_parse_object(
            parser, input.baseAddress, input.count, members, Int32(membersMax), &reason)
        if count >= 0 || count == CJSON_ERROR_TOO_MANY || count == CJSON_ERROR_NOT_AN_OBJECT {
            guard let json = try document(input) else { return }
            guard case .object(let expected) = json else {
                return try Finding.unless(
                    count == CJSON_ERROR_NOT_AN_OBJECT, "no object, but \(count) members")
            }
            if expected.count > membersMax {
                return try Finding.unless(
                    count == CJSON_ERROR_TOO_MANY, "\(count) members of \(expected.count)")
            }
            try Finding.unless(count == expected.count, "\(count) members, not \(expected.count)")
            for (index, member) in expected.enumerated() { try compare(members[index], member) }
        } else if (try? PlainJSON(input)) != nil, input.count <= 16_384 {
            throw Finding("refused, though it is JSON: \(reason.map { String(cString: $0) } ?? "")")
        }
    }

    private static func compare(_ member: cjson_member, _ expected: PlainJSON.Member) throws {
        let name = UnsafeRawBufferPointer(start: member.key, count: member.key_length)
        try Finding.unless(Array(name) == expected.name, "the name \(Array(name)), not \(expected.name)")
        let isSame =
            switch (member.kind, expected.value) {
            case (CJSON_KIND_STRING, .string(let bytes)):
                Array(UnsafeRawBufferPointer(start: member.string, count: member.string_length)) == bytes
            case (CJSON_KIND_INTEGER, .number(let text)): Int64(text) == member.integer
            case (CJSON_KIND_UNSIGNED, .number(let text)): UInt64(text) == member.unsigned_integer
            case (CJSON_KIND_DOUBLE, .number(let text)): strtod(text, nil) == member.real
            case (CJSON_KIND_HUGE, .number(let text)): isHuge(text)
            // Marked like one that is; both are refused.
            case (CJSON_KIND_HUGE, .string(let bytes)): bytes.starts(with: "\u{E000}".utf8)
            case (CJSON_KIND_BOOLEAN, .boolean), (CJSON_KIND_NULL, .null): true
            case (CJSON_KIND_ARRAY, .array), (CJSON_KIND_OBJECT, .object): true
            default: false
            }
        try Finding.unless(isSame, "a value of kind \(member.kind), not \(expected.value)")
    }

    /// Neither 64 bits nor a double can hold it.
    private static func isHuge(_ text: String) -> Bool {
        text.contains { $0 == "." || $0 == "e" }
            ? strtod(text, nil).isInfinite : Int64(text) == nil && UInt64(text) == nil
    }
}
