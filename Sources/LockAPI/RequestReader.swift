import CJSON
import Glibc
import HTTPServer
import TicketLock

/// Reads the fields of a request from its JSON body or its query, and refuses what is not exactly right: a
/// typo must not silently choose a default.
struct RequestReader: ~Copyable {
    /// More members than any request has fields, so that a repeated or unknown one can still be named.
    private static let membersMax = 16

    private let parser: OpaquePointer
    private let members = UnsafeMutablePointer<cjson_member>.allocate(capacity: membersMax)

    /// - Parameter bodyBytesMax: the largest body that will be read.
    init(bodyBytesMax: Int) {
        guard let parser = cjson_parser_new(bodyBytesMax) else { fatalError("no memory for the JSON parser") }
        self.parser = parser
    }

    deinit {
        cjson_parser_free(parser)
        members.deallocate()
    }

    /// The fields of a JSON body, which may be those in `allowed`.
    func body(of request: Request, _ allowed: Fields, _ limits: LockLimits) throws(Problem) -> Parameters {
        try checkContentType(of: request)
        return try body(request.body, allowed, limits)
    }

    /// The fields of a JSON body that has been found to be one by its Content-Type.
    func body(
        _ body: UnsafeRawBufferPointer, _ allowed: Fields, _ limits: LockLimits
    ) throws(Problem) -> Parameters {
        guard body.count > 0 else {
            throw Problem(.invalidJSON, "the body is empty; send one JSON object with \(allowed.names)")
        }
        var reason: UnsafePointer<CChar>?
        let count = cjson_parse_object(
            parser, body.baseAddress, body.count, members, Int32(Self.membersMax), &reason)
        guard count >= 0 else { throw Self.problem(count, reason) }
        var parameters = Parameters()
        var seen: Fields = []
        for index in 0..<Int(count) {
            let member = members[index]
            let name = UnsafeRawBufferPointer(start: member.key, count: member.key_length)
            guard let field = Field.named(name, in: allowed) else { throw Self.unknown(member.name, allowed) }
            guard seen.insert(Fields(field)).inserted else { throw Self.repeated(member.name) }
            try parameters.set(field, member, limits)
        }
        return parameters
    }

    /// The parameters of a query, which may be those in `allowed`.
    func query(_ query: UnsafeBufferPointer<UInt8>.SubSequence, _ allowed: Fields, _ limits: LockLimits)
        throws(Problem) -> Parameters
    {
        var parameters = Parameters()
        var seen: Fields = []
        for pair in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            var name = try Self.unescaped(parts[0])
            let found = name.withUTF8 { Field.named(UnsafeRawBufferPointer($0), in: allowed) }
            guard let field = found else { throw Self.unknown(name, allowed) }
            guard seen.insert(Fields(field)).inserted else { throw Self.repeated(name) }
            let value = parts.count > 1 ? try Self.unescaped(parts[1], of: field) : ""
            try parameters.set(field, query: value, limits)
        }
        return parameters
    }

    private func checkContentType(of request: Request) throws(Problem) {
        let value = request.header(.contentType)
        if let value, Self.isJSON(value) { return }
        let sent = value.map { quoted(String(decoding: $0, as: UTF8.self)) } ?? "nothing"
        throw Problem(
            .unsupportedMediaType, "Content-Type: \(sent) was sent; it must be application/json",
            field: "Content-Type")
    }

    /// Whether a Content-Type is JSON's, in whatever case and with whatever parameters.
    private static func isJSON(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        let expected: StaticString = "application/json"
        let length = expected.utf8CodeUnitCount
        guard let start = value.baseAddress, value.count >= length,
            strncasecmp(start, expected.utf8Start, length) == 0
        else { return false }
        return value.count == length || [UInt8(ascii: ";"), UInt8(ascii: " "), 9].contains(value[length])
    }

    private static func problem(_ result: Int32, _ reason: UnsafePointer<CChar>?) -> Problem {
        switch result {
        case CJSON_ERROR_NOT_AN_OBJECT: Problem(.invalidJSON, "the body must be one JSON object")
        case CJSON_ERROR_TOO_MANY: Problem(.invalidField, "the body has more than \(membersMax) fields")
        default:
            Problem(
                .invalidJSON,
                "the body is not valid JSON: " + (reason.map { String(cString: $0) } ?? "unknown"))
        }
    }

    private static func unknown(_ name: String, _ allowed: Fields) -> Problem {
        let detail =
            allowed.isEmpty
            ? "\(quoted(name)) is not known here; this request takes no parameters"
            : "\(quoted(name)) is not a field of this request; it takes \(allowed.names)"
        return Problem(.invalidField, detail, field: name)
    }

    private static func repeated(_ name: String) -> Problem {
        Problem(.invalidField, "\(quoted(name)) is given more than once", field: name)
    }

    /// Undoes the escapes of `application/x-www-form-urlencoded`; the result must be UTF-8.
    private static func unescaped(
        _ bytes: UnsafeBufferPointer<UInt8>.SubSequence, of field: Field? = nil
    ) throws(Problem) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue)
            else {
                throw problem(field, bytes, "% and two hexadecimal digits for each escaped byte")
            }
            result.append(high << 4 | low)
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw problem(field, bytes, "valid UTF-8")
        }
        return text
    }

    private static func problem(
        _ field: Field?, _ bytes: UnsafeBufferPointer<UInt8>.SubSequence, _ allowed: String
    ) -> Problem {
        let shown = quoted(String(decoding: bytes, as: UTF8.self))
        return field?.problem(shown, allowed) ?? Problem(.invalidField, "\(shown) is not \(allowed)")
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
