import TicketLock

@testable import LockAPI

/// The query of a request, read a second time in the plainest way.
enum QueryTarget {
    private static let fields: Fields = [.conversationID, .prefix, .limit, .cursor]

    static func run(_ input: UnsafeRawBufferPointer) throws {
        let limits = LockLimits()
        let reader = RequestReader(bodyBytesMax: 64)
        let expected = expected(input, limits)
        var found: Expected?
        try input.withMemoryRebound(to: UInt8.self) { bytes in
            do throws(Problem) {
                let parameters = try reader.query(bytes[...], fields, limits)
                found = Expected(
                    id: parameters.conversationID.map { Array($0.description.utf8) },
                    prefix: parameters.prefix.map { Array($0.utf8) }, limit: parameters.limit,
                    cursor: parameters.cursor)
            } catch {
                try JSONTarget.check(error)
            }
        }
        try Finding.unless(
            found == expected, "\(String(describing: found)), not \(String(describing: expected))")
    }

    private struct Expected: Equatable {
        var id: [UInt8]?
        var prefix: [UInt8]?
        var limit: Int?
        var cursor: Int?
    }

    /// nil: to be refused.
    private static func expected(_ input: UnsafeRawBufferPointer, _ limits: LockLimits) -> Expected? {
        var result = Expected()
        for pair in input.split(separator: UInt8(ascii: "&")) where !pair.isEmpty {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = unescaped(pair[..<equals]), let value = unescaped(pair[equals...].dropFirst())
            else { return nil }
            switch String(decoding: name, as: UTF8.self) {
            case "conversation_id":
                guard result.id == nil, (1...limits.conversationIDBytesMax).contains(value.count),
                    !value.contains(0)
                else { return nil }
                result.id = value
            case "prefix":
                guard result.prefix == nil, value.count <= limits.conversationIDBytesMax else { return nil }
                result.prefix = value
            case "limit":
                guard result.limit == nil, let number = number(value, 1...1000) else { return nil }
                result.limit = number
            case "cursor":
                guard result.cursor == nil, let number = number(value, 0...9_007_199_254_740_991) else {
                    return nil
                }
                result.cursor = number
            default: return nil
            }
        }
        return result
    }

    private static func number(_ text: [UInt8], _ range: ClosedRange<Int>) -> Int? {
        var number = 0
        for byte in text {
            guard (0x30...0x39).contains(byte), number <= range.upperBound else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return !text.isEmpty && range.contains(number) ? number : nil
    }

    /// nil: its escapes are none, or it is not UTF-8.
    private static func unescaped(_ text: some Collection<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): result.append(0x20)
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return nil }
                result.append(value)
                rest = rest.dropFirst(2)
            default: result.append(byte)
            }
        }
        return String(validating: result, as: UTF8.self) == nil ? nil : result
    }
}
