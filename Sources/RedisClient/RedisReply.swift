/// What Redis replies to a command. Bytes are kept as they are: they need not be UTF-8.
package enum RedisReply: Equatable, Sendable {
    /// No value, or no array.
    case null
    case integer(Int64)
    case string([UInt8])
    /// A word such as `OK`.
    case status(String)
    /// An error's words, the first of which says which error it is.
    case error(String)
    case array([RedisReply])

    /// A number; nil for anything else.
    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// A string's bytes; nil for anything else.
    package var bytes: [UInt8]? {
        guard case .string(let bytes) = self else { return nil }
        return bytes
    }

    /// A string's or status's text, what is not UTF-8 in it replaced; nil for anything else.
    package var text: String? {
        switch self {
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    /// An array's elements; nil for anything else.
    package var elements: [RedisReply]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The reply, or the error that it is.
    package func checked() throws(RedisError) -> RedisReply {
        if case .error(let message) = self { throw RedisError(reply: message) }
        return self
    }
}
