import EventLoop
import LockAPI
import LockStore
import Logging
import RedisClient
import RedisLockStore
import TicketLock

/// The store that the configuration asks for.
enum DaemonStore {
    case memory(InMemoryLockStore, LockState?)
    case redis(RedisLockStore)

    /// - Parameters:
    ///   - redis: how Redis is reached; nil for the store in memory.
    ///   - stored: the state on disk that the store in memory goes on with, if any.
    init(
        _ configuration: Configuration, redis: RedisConfiguration?, stored: consuming StoredLocks?,
        loop: EventLoop,
        time: any Timekeeper, logger: Logger
    ) {
        let limits = configuration.locks
        if let stored {
            let (state, table) = stored.take()
            state.onNotice = { Self.log($0, logger) }
            let store = InMemoryLockStore(loop: loop, time: time, table: table, state: state)
            self = .memory(store, state)
            return
        }
        guard let redis else {
            // Microseconds of the wall clock: above every token of the run before, unless that clock went back.
            let firstToken = UInt64(max(0, WallClock.systemRealTime() / 1000))
            let store = InMemoryLockStore(loop: loop, time: time, limits: limits, firstToken: firstToken)
            self = .memory(store, nil)
            return
        }
        self = .redis(
            RedisLockStore(
                loop: loop, time: time, configuration: redis, keyPrefix: configuration.redis.keyPrefix,
                limits: limits, clientLog: { Self.log($0, logger) }, log: { Self.log($0, logger) }))
    }

    var store: any LockStore {
        switch self {
        case .memory(let store, _): store
        case .redis(let store): store
        }
    }

    /// The wall clock that is shown: with Redis all daemons show the same.
    var wallClock: WallClock {
        switch self {
        case .memory: WallClock()
        case .redis(let store): WallClock { store.realTime(WallClock.systemRealTime) }
        }
    }

    /// Once, on the loop's thread. A Redis that cannot be reached is no reason not to start.
    func start(_ lockLog: LockLog, _ logger: Logger) throws(EventLoopError) {
        switch self {
        case .memory(let store, _):
            store.onLoop { store in
                store.onLapses = { lockLog.expired($0) }
                store.start()
            }
        case .redis(let store):
            logger.notice("connecting to Redis; until it is ready, requests get 503 store_unavailable")
            var failure: EventLoopError?
            store.onLoop { store in
                store.onLapses = { lockLog.expired($0) }
                do throws(EventLoopError) { try store.start() } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    /// Once, when the loop has ended.
    func close(_ logger: Logger) {
        guard case .memory(_, let state?) = self else { return }
        do throws(LockStateError) {
            try state.close()
        } catch {
            logger.error("the state on disk is not in order", metadata: ["reason": "\(error)"])
        }
    }

    private static func log(_ notice: LockStateNotice, _ logger: Logger) {
        switch notice {
        case .failing(let error):
            logger.error("the state on disk cannot be written", metadata: ["reason": "\(error)"])
        case .recovered: logger.notice("the state on disk is written again")
        }
    }

    private static func log(_ notice: RedisNotice, _ logger: Logger) {
        switch notice {
        case .ready(let address): logger.notice("Redis is ready", metadata: ["address": "\(address)"])
        case .lost(let error):
            logger.error("Redis is lost", metadata: ["reason": "\(error)"])
        case .notReady(let error):
            logger.error("Redis is not ready", metadata: ["reason": "\(error)"])
        case .attemptFailed(let error, let next):
            logger.debug("Redis is not ready", metadata: ["reason": "\(error)", "next_attempt": "\(next)"])
        case .subscriptionsLost(let error):
            logger.warning("messages from Redis are missed", metadata: ["reason": "\(error)"])
        case .subscriptionsRenewed: logger.notice("messages from Redis come in again")
        }
    }

    private static func log(_ notice: RedisLockStoreNotice, _ logger: Logger) {
        switch notice {
        case .refused(let words): logger.error("Redis refuses", metadata: ["reason": "\(words)"])
        }
    }
}
