import CHiredis

/// Makes replies of the bytes that come from Redis. hiredis reads the protocol.
final class ReplyReader {
    /// The longest reply, in bytes, that is waited for: a thousand times what a lock needs.
    static let bufferBytesMax = 64 * 1024 * 1024

    private let reader: UnsafeMutablePointer<redisReader>
    /// How it makes replies: hiredis's way, but for arrays of more elements than ever come.
    private let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)

    init() {
        guard let reader = redisReaderCreate() else { fatalError("no memory for a Redis reader") }
        self.reader = reader
        guard let original = reader.pointee.fn else { fatalError("a Redis reader that makes no replies") }
        functions.initialize(to: original.pointee)
        functions.pointee.createArray = chiredis_create_array
        reader.pointee.privdata = UnsafeMutableRawPointer(original)
        reader.pointee.fn = functions
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Takes bytes in the order they have come in.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard let base = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return }
        guard redisReaderFeed(reader, base, bytes.count) == REDIS_OK else { throw problem }
        guard reader.pointee.len <= Self.bufferBytesMax else {
            throw RedisError(.outcomeUnknown, "Redis sent a reply of more than \(Self.bufferBytesMax) bytes")
        }
    }

    /// The next whole reply; nil while it has not come in whole. Throws when this is not Redis's protocol.
    func next() throws(RedisError) -> RedisReply? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw problem }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return Self.value(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private var problem: RedisError {
        let text = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.outcomeUnknown, "what answers does not speak Redis's protocol: \(text)")
    }

    private static func value(_ reply: redisReply) -> RedisReply {
        switch reply.type {
        case REDIS_REPLY_INTEGER: return .integer(reply.integer)
        case REDIS_REPLY_STRING: return .string(Array(bytes(reply)))
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.element, count: reply.elements)
            return .array(elements.map { $0.map { value($0.pointee) } ?? .null })
        default: return .null
        }
    }

    private static func bytes(_ reply: redisReply) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.str, count: reply.len)
    }
}
