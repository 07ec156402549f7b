import RedisClient

/// The scripts of a lock store, one for each operation; each is one atomic step on one key.
///
/// `ARGV[1]` is always the retention of numbers. Every reply is an array of integers that begins with what came
/// of it (``ScriptReply/Code``), Redis's time, and the lock's score (``ScriptReply/score``).
struct LockScripts: Sendable {
    /// `ticketsMax, mayCreate, kind (issue or acquire), lifetime, timeout, key`; what the token may not be below; how
    /// long a lock with such a ticket only is kept, in milliseconds.
    let take: RedisScript
    /// `number, token`.
    let status: RedisScript
    /// `number, token, expires, lifetime` of each ticket that is asked for; what is not known is -1.
    let check: RedisScript
    /// `number, token, lifetime`.
    let extend: RedisScript
    /// `number, token`, and the retention in milliseconds.
    let finish: RedisScript
    /// `number, token`.
    let withdraw: RedisScript
    /// `number or nothing, token`, and the retention in milliseconds.
    let cleanUp: RedisScript
    /// Nothing more.
    let waiting: RedisScript
    /// Whether looking at the lock counts as touching it: 1 or 0.
    let read: RedisScript
    /// `mayCreate`.
    let create: RedisScript
    /// Nothing more.
    let delete: RedisScript
    /// Nothing more.
    let evict: RedisScript

    var all: [RedisScript] {
        [
            take, status, check, extend, finish, withdraw, cleanUp, waiting, read, create, delete, evict,
        ]
    }

    /// - Parameters:
    ///   - keyPrefix: what every lock's key begins with; the rest is the conversation ID.
    ///   - claimPeriod: how long a ticket of acquire that is at the head waits for the daemon that has its caller.
    init(keyPrefix: String, channelPrefix: String, claimPeriod: Duration) {
        let head = Self.head(keyPrefix: keyPrefix, channelPrefix: channelPrefix, claimPeriod: claimPeriod)
        // What only takes away, or reads, is done also when Redis is out of memory: so room is made again.
        func script(_ text: String, atOnce: String = "", adds: Bool = false) -> RedisScript {
            RedisScript(
                (adds ? "#!lua\n" : "#!lua flags=allow-oom\n") + head + atOnce + Self.preludeText + text)
        }
        take = script(Self.takeText, atOnce: Self.takeAtOnceText, adds: true)
        status = script(Self.statusText)
        check = script(Self.checkText)
        extend = script(Self.extendText)
        finish = script(Self.finishText, atOnce: "local is_cleanup = false\n" + Self.finishAtOnceText)
        withdraw = script(Self.withdrawText)
        cleanUp = script(Self.cleanUpText, atOnce: "local is_cleanup = true\n" + Self.finishAtOnceText)
        waiting = script(Self.waitingText)
        read = script(Self.readText)
        create = script(Self.createText, adds: true)
        delete = script(Self.deleteText)
        evict = script(Self.evictText)
    }
}
