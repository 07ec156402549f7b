/// The commands whose replies have not come yet, in the order they were sent in, which is that of the replies.
struct PendingReplies {
    typealias Done = (Result<[RedisReply], RedisError>) -> Void

    /// Commands that were given together and are answered together.
    struct Entry {
        /// Replies that have not come yet.
        var missing: Int
        /// Where in all that is written to the connection the first of them begins, in bytes.
        let start: UInt64
        /// By when the last reply must have come.
        let due: Int64
        var replies: [RedisReply] = []
        let done: Done
    }

    private var entries: [Entry?] = []
    private var first = 0
    /// Replies that have not come yet.
    private(set) var count = 0

    /// When the oldest must have been answered; nil if nothing is to be answered.
    var due: Int64? { first < entries.count ? entries[first]?.due : nil }

    /// The first error among those replies that have come to commands which are not answered as a whole.
    var firstError: String? {
        guard first < entries.count, let replies = entries[first]?.replies else { return nil }
        for case .error(let message) in replies { return message }
        return nil
    }

    mutating func append(replies: Int, start: UInt64, due: Int64, done: @escaping Done) {
        precondition(replies > 0, "every Redis command has a reply")
        entries.append(Entry(missing: replies, start: start, due: due, done: done))
        count += replies
    }

    /// Takes the next reply; gives the commands that it was the last one for. False if none is to come.
    mutating func take(_ reply: RedisReply) -> (isExpected: Bool, answered: Entry?) {
        guard first < entries.count else { return (false, nil) }
        count -= 1
        entries[first]?.replies.append(reply)
        entries[first]?.missing -= 1
        guard entries[first]?.missing == 0 else { return (true, nil) }
        defer { removeFirst() }
        return (true, entries[first])
    }

    /// All that are not answered, in their order; none is left.
    mutating func removeAll() -> [Entry] {
        defer {
            entries = []
            first = 0
            count = 0
        }
        return entries[first...].compactMap(\.self)
    }

    private mutating func removeFirst() {
        entries[first] = nil
        first += 1
        // What has been answered makes room, or a queue that is never empty would grow for ever.
        if first == entries.count {
            entries.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 1024, first * 2 >= entries.count {
            entries.removeFirst(first)
            first = 0
        }
    }
}
