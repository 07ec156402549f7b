import EventLoop
import LockStore
import RedisClient
import Support
import TicketLock

@testable import RedisLockStore

/// Stores on one Redis that the test has started, by the real time: the one of the conformance suite, and as many
/// more as a test wants, as if in other daemons.
///
/// `@unchecked Sendable`: the list of stores is used by the test's own task only.
final class RedisHarness: LockStoreHarness, @unchecked Sendable {
    let redis: RunningRedis
    let timeout: Duration
    let notices = Notices()
    private let thread: LoopThread
    private var stores: [RedisLockStore] = []
    /// Tickets that are issued one right after the other expire together, however busy the machine is.
    let tick = Duration.seconds(1)

    /// - Parameter timeout: after which a reply is not waited for any more.
    init(_ redis: RunningRedis, timeout: Duration = .seconds(10)) throws {
        self.redis = redis
        self.timeout = timeout
        thread = try LoopThread()
    }

    /// Plays a rule on a Redis of its own.
    static func play(_ rule: LockStoreCase) async throws {
        try await RunningRedis.with { redis in try await rule.run(on: RedisHarness(redis)) }
    }

    var loop: EventLoop { thread.loop }

    func makeStore(_ limits: LockLimits) async throws -> any LockStore { try await makeRedisStore(limits) }

    /// A store in a daemon whose clock is ahead.
    func makeSkewedStore(by skew: Duration) async throws -> RedisLockStore {
        try await makeRedisStore(time: SkewedTimekeeper(loop: loop, skew: skew))
    }

    /// - Parameters:
    ///   - port: where Redis is reached, if not at its own.
    ///   - isReady: returns when Redis has been reached, and messages come in.
    func makeRedisStore(
        _ limits: LockLimits = LockLimits(), keyPrefix: String? = nil, time: (any Timekeeper)? = nil,
        port: UInt16? = nil, replicas: Int = 0, user: (name: String, password: String)? = nil,
        isReady: Bool = true
    ) async throws -> RedisLockStore {
        var configuration = RedisConfiguration(
            server: .address(.tcp(host: "127.0.0.1", port: port ?? redis.port)), database: 1, timeout: timeout
        )
        configuration.replicasWaitedFor = replicas
        configuration.username = user?.name
        configuration.password = user?.password
        let store = RedisLockStore(
            loop: loop, time: time ?? LoopTimekeeper(loop: loop), configuration: configuration,
            keyPrefix: keyPrefix, limits: limits, expiryPatience: tick / 5,
            log: { [notices] in notices.add($0) })
        stores.append(store)
        try await store.start()
        if isReady {
            try await eventually("ready") { await store.isReady }
            try await eventually("it hears") { await store.hearsMessages }
        }
        return store
    }

    func advance(by span: Duration) async throws { try await Task.sleep(for: span) }

    func tearDown() async {
        for store in stores { await store.stop() }
        thread.stop()
    }
}
