package import EventLoop
package import LockStore
package import RedisClient
package import TicketLock

/// The lock store that lives in Redis, shared by daemons. Rasa: `RedisLockStore`, whose keys and values it uses.
///
/// Every operation is one script that Redis carries out in one step, by its own clock. What is here are the
/// callers that wait, who are told by messages through the same Redis, or by the time at which the ticket ahead
/// of them expires. An actor on the event loop.
package actor RedisLockStore: LockStore {
    package nonisolated let loop: EventLoop
    let redis: RedisClient
    let configuration: RedisConfiguration
    let time: any Timekeeper
    let log: @Sendable (RedisLockStoreNotice) -> Void
    let expiryPatience: Duration
    let scripts: LockScripts
    /// What every lock's key begins with.
    let keyPrefix: String
    /// What this daemon is known by to the others: that a ticket's caller is here. Hexadecimal digits.
    let home: String
    var limits: LockLimits
    var clock = RedisClock()
    var ticketStatistics = Statistics()
    /// Of all conversations. Tokens grow on also when Redis has lost its newest ones, and its clock is behind: after
    /// a fail-over.
    var highestToken: FencingToken = 0

    // The counts of what there is, by all daemons.
    var indexes: LockIndexes
    var isWritingIndexes = false
    var counting = Counting()

    // The callers that wait.
    var waiters = Waiters()
    var rooms = WaitingRooms()
    var nextGroup: UInt64 = 0
    var isReady = false
    /// Whether messages are known to come in.
    var hearsMessages = false
    /// When a connection was lost last: what was seen before may be long past.
    var lastLoss = Instant(nanoseconds: .min)
    /// Tickets of ours that are called though nobody waits for them here.
    var strays: [Stray] = []
    /// When callers that wait are let go because Redis is gone.
    var givesUpAt: Instant?
    /// Whether Redis tells of changes that others make to the keys themselves.
    var watchesKeys = false
    /// When it is asked again whether it does.
    var nextKeyLook = Instant(nanoseconds: .min)
    /// Tickets of callers that have gone, which Redis could not be told of.
    var withdrawals: [Withdrawal] = []
    var withdrawalCount: UInt64 = 0
    var isShuttingDown = false
    var lastLogged: [String: Instant] = [:]
    /// Is told of tickets that this daemon found expired while they were served. Set before the first operation.
    package var onLapses: (@Sendable (Lapses) -> Void)?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - keyPrefix: put before every key, with a colon; letters and digits only. Rasa: `key_prefix`.
    ///   - expiryPatience: how much later than a ticket's expiry those who wait behind it ask about it: the clocks may
    ///     be a little apart, and one question finds out about all tickets that expire together.
    ///   - clientLog: is told of the connections.
    ///   - log: is told what Redis refuses.
    package init(
        loop: EventLoop, time: any Timekeeper, configuration: RedisConfiguration, keyPrefix: String? = nil,
        limits: LockLimits, expiryPatience: Duration = .milliseconds(5),
        clientLog: @escaping @Sendable (RedisNotice) -> Void = { _ in },
        log: @escaping @Sendable (RedisLockStoreNotice) -> Void = { _ in }
    ) {
        self.loop = loop
        self.time = time
        self.configuration = configuration
        self.limits = limits
        self.expiryPatience = expiryPatience
        self.log = log
        let prefix = keyPrefix.map { $0 + ":" } ?? ""
        self.keyPrefix = prefix + "lock:"
        home = String(UInt64.random(in: 1 << 60...UInt64.max), radix: 16)
        // Longer than the time in which this daemon notices that its connection is dead, so that it comes back in time.
        scripts = LockScripts(
            keyPrefix: prefix + "lock:", channelPrefix: Self.channelPrefix,
            claimPeriod: configuration.timeout + Self.returnTime)
        indexes = LockIndexes(prefix: prefix)
        redis = RedisClient(
            loop: loop, configuration: configuration,
            echoChannel: RedisName(Self.channelPrefix + Self.homePrefix + home), log: clientLog)
    }

    static let channelPrefix = "ticketlockd:"
    /// What a daemon's own channel begins with, behind the prefix of all channels.
    static let homePrefix = "daemon:"
    /// The time it takes to come back to Redis, and to ask, once a dead connection has been noticed.
    private static let returnTime: Duration = .seconds(3)

    /// Begins to connect. Once, before the first operation; operations fail until Redis has been reached.
    /// Throws when no descriptor is left.
    package func start() throws(EventLoopError) {
        time.onWake { [weak self] in self?.onLoop { $0.alarmWentOff() } }
        var failure: EventLoopError?
        redis.onLoop { redis in
            redis.observe(
                message: { [weak self] channel, payload in
                    self?.onLoop { $0.received(String(decoding: payload, as: UTF8.self), on: channel) }
                },
                state: { [weak self] state in self?.onLoop { $0.stateChanged(state) } })
            do throws(EventLoopError) { try redis.start() } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Ends the connections. No call of the store is under way.
    package func stop() async {
        await redis.stop()
    }

    /// Nanoseconds since 1970 by Redis's clock, by which all daemons show the same; by this machine's as long as
    /// Redis has not been reached. Loop thread.
    package nonisolated func realTime(_ systemRealTime: () -> Int64) -> Int64 {
        var shown: Int64?
        onLoop { store in shown = store.clock.offset.map { store.time.now().nanoseconds + $0 } }
        return shown ?? systemRealTime()
    }

    /// The clock by which moments are told. Loop thread.
    package nonisolated var present: Instant { time.now() }

    // MARK: The store itself

    package func setLimits(_ limits: LockLimits) async {
        self.limits = limits
    }

    package func shutDown() async {
        isShuttingDown = true
        await sendCallersElsewhere()
        for room in rooms.all {
            for ticket in room.tickets {
                end(ticket.group) { _ in .success(.refused(.shuttingDown(ticket.status))) }
                room.forget(ticket.group)
            }
            schedule(room)
        }
    }
}
