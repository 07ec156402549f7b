import Foundation
import Testing

/// An answer of the daemon.
struct Reply {
    let status: Int
    /// By name in lower case.
    let headers: [String: String]
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    /// A member of the body, which must be a JSON object that has it, of that type.
    func member<Value>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let object = try JSONSerialization.jsonObject(with: body) as? [String: Any]
        return try #require(object?[name] as? Value, "no \(name) of type \(Value.self) in: \(text)")
    }

    var code: String { get throws { try member("code") } }
    var ticket: Int { get throws { try member("ticket") } }
    var token: Int { get throws { try member("token") } }
    var isLocked: Bool { get throws { try member("is_locked") } }

    /// Takes a whole answer off the front of `bytes`; nil while there is none.
    static func take(from bytes: inout Data) throws -> Reply? {
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let colon = try #require(line.firstIndex(of: ":"))
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let length = try #require(headers["content-length"].flatMap { Int($0) })
        guard bytes.endIndex - end.upperBound >= length else { return nil }
        let body = Data(bytes[end.upperBound..<end.upperBound + length])
        bytes = Data(bytes[(end.upperBound + length)...])
        return Reply(status: status, headers: headers, body: body)
    }
}
