import RedisClient

/// The scripts of a lock store, one for each operation; each is one atomic step on one key.
///
/// Their texts stand in `Scripts/*.lua`, which the build embeds; each operation's file says what its arguments are.
/// A script is put together of `head.lua`, perhaps of what does the usual case at once, of `reading.lua` and
/// `changing.lua`, the functions that they have in common, and of its operation.
struct LockScripts: Sendable {
    /// The time between the two looks after which a daemon that does not listen is taken to be gone.
    static let lookPeriod: Duration = .seconds(1)
    /// How long a ticket at the head waits for a caller that was sent elsewhere, as by a daemon that ends.
    static let returnPeriod: Duration = .seconds(5)
    /// Tickets of daemons that are gone that are dropped in one step: each takes some 5 us.
    static let unheardMax = 1_000
    /// Other daemons that are looked at in one step.
    static let homesMax = 16
    /// Callers of one ticket, gone before the others, that are remembered by name.
    static let leftMax = 16

    let take: RedisScript
    let status: RedisScript
    let check: RedisScript
    let extend: RedisScript
    let finish: RedisScript
    let withdraw: RedisScript
    let cleanUp: RedisScript
    let waiting: RedisScript
    let read: RedisScript
    let create: RedisScript
    let delete: RedisScript
    let evict: RedisScript
    /// Whether a ticket could be issued; by itself.
    let ready: RedisScript

    var all: [RedisScript] {
        [take, status, check, extend, finish, withdraw, cleanUp, waiting, read, create, delete, evict, ready]
    }

    /// - Parameters:
    ///   - keyPrefix: what every lock's key begins with; the rest is the conversation ID.
    ///   - claimPeriod: how long a ticket of acquire that is at the head waits for the daemon that has its caller.
    init(keyPrefix: String, channelPrefix: String, claimPeriod: Duration) {
        let constants = """
            local KEY_PREFIX_BYTES, CHANNEL_PREFIX = \(keyPrefix.utf8.count), '\(channelPrefix)'
            local CLAIM_PERIOD, LOOK_PERIOD = \(claimPeriod.microseconds), \(Self.lookPeriod.microseconds)
            local RETURN_PERIOD = \(Self.returnPeriod.microseconds)
            local UNHEARD_MAX, HOMES_MAX, LEFT_MAX = \(Self.unheardMax), \(Self.homesMax), \(Self.leftMax)

            """
        // What only takes away, or reads, is done also when Redis is out of memory: so room is made again.
        func script(_ parts: [UInt8]..., atOnce: String = "", adds: Bool = false) -> RedisScript {
            let common = Self.text(PackageResources.reading_lua) + Self.text(PackageResources.changing_lua)
            return RedisScript(
                (adds ? "#!lua\n" : "#!lua flags=allow-oom\n") + constants
                    + Self.text(PackageResources.head_lua)
                    + atOnce + common + parts.map(Self.text).joined())
        }
        let finishAtOnce = Self.text(PackageResources.finish_at_once_lua)
        take = script(
            PackageResources.take_lua, atOnce: Self.text(PackageResources.take_at_once_lua), adds: true)
        status = script(PackageResources.status_lua)
        check = script(PackageResources.check_lua)
        extend = script(PackageResources.extend_lua)
        finish = script(PackageResources.finish_lua, atOnce: "local IS_CLEANUP = false\n" + finishAtOnce)
        withdraw = script(PackageResources.withdraw_lua)
        cleanUp = script(PackageResources.clean_up_lua, atOnce: "local IS_CLEANUP = true\n" + finishAtOnce)
        waiting = script(PackageResources.waiting_lua)
        read = script(PackageResources.lock_reply_lua, PackageResources.read_lua)
        create = script(PackageResources.lock_reply_lua, PackageResources.create_lua, adds: true)
        delete = script(PackageResources.delete_lua)
        evict = script(PackageResources.evict_lua)
        ready = RedisScript("#!lua\n" + Self.text(PackageResources.ready_lua))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
