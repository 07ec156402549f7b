@testable import RedisClient

/// What comes from Redis: in whatever pieces it comes, the replies are the same, and never more than came.
enum RedisTarget {
    private struct Replies: Equatable {
        var replies: [RedisReply] = []
        var isBroken = false
    }

    static func run(_ input: UnsafeRawBufferPointer) throws {
        let whole = replies(to: input, pieces: max(input.count, 1))
        try Finding.unless(elements(whole.replies) <= input.count, "\(input.count) bytes made more replies")
        for pieces in [1, 2 + Int(input.first ?? 0) % 13] {
            let cut = replies(to: input, pieces: pieces)
            try Finding.unless(cut == whole, "in pieces of \(pieces): \(cut), not \(whole)")
        }
    }

    private static func replies(to input: UnsafeRawBufferPointer, pieces: Int) -> Replies {
        let reader = ReplyReader()
        var result = Replies()
        var rest = input[...]
        do throws(RedisError) {
            while !rest.isEmpty {
                try reader.feed(UnsafeRawBufferPointer(rebasing: rest.prefix(pieces)))
                rest = rest.dropFirst(pieces)
                while let reply = try reader.next() { result.replies.append(reply) }
            }
        } catch {
            result.isBroken = true
        }
        return result
    }

    private static func elements(_ replies: [RedisReply]) -> Int {
        replies.reduce(0) { $0 + 1 + elements($1.elements ?? []) }
    }
}
