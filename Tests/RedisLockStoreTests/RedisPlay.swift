import LockStore
import Support
import TicketLock

@testable import RedisLockStore

/// Several daemons' stores on one Redis, in one process, with the callers of each.
struct RedisPlay {
    let redis: RunningRedis
    let harness: RedisHarness
    /// One for each store.
    let scenes: [LockStoreScene]

    var one: LockStoreScene { scenes[0] }
    var two: LockStoreScene { scenes[1] }

    /// - Parameters:
    ///   - count: of stores.
    ///   - options: of the Redis server.
    ///   - timeout: after which a reply is not waited for any more.
    static func with(
        _ count: Int = 1, options: [String] = [], timeout: Duration = .seconds(10),
        limits: LockLimits = LockLimits(), _ body: (RedisPlay) async throws -> Void
    ) async throws {
        try await RunningRedis.with(options) { redis in
            let harness = try RedisHarness(redis, timeout: timeout)
            var scenes: [LockStoreScene] = []
            let result: Result<Void, any Error>
            do {
                for _ in 0..<count {
                    scenes.append(LockStoreScene(harness, try await harness.makeStore(limits)))
                }
                try await body(RedisPlay(redis: redis, harness: harness, scenes: scenes))
                result = .success(())
            } catch {
                result = .failure(error)
            }
            for scene in scenes { await scene.end() }
            await harness.tearDown()
            try result.get()
        }
    }

    /// One more store, which reaches Redis by a cable that can be cut. Whoever asks for it ends it.
    func scene(through relay: TCPRelay) async throws -> LockStoreScene {
        LockStoreScene(harness, try await harness.makeRedisStore(port: relay.port))
    }

    // MARK: What is in Redis

    /// A command in the database that the stores use.
    @discardableResult
    func command(_ arguments: String...) async throws -> String {
        try await redis.run(["-n", "1"] + arguments)
    }

    func value(_ id: String = "ada") async throws -> String { try await command("GET", "lock:" + id) }

    /// How often Redis has been given a command since the last `CONFIG RESETSTAT`.
    func calls(of name: String) async throws -> Int {
        let line = try await command("INFO", "commandstats").split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("cmdstat_\(name):") }
        let count = line?.split(separator: "=").dropFirst().first?.split(separator: ",").first
        return count.flatMap { Int($0) } ?? 0
    }
}

extension LockStoreScene {
    /// Whether a call is still waiting.
    func waits(_ call: WaitingCall) -> Bool { call.isWaiting }

    nonisolated var redisStore: RedisLockStore {
        guard let store = store as? RedisLockStore else { preconditionFailure("not a store in Redis") }
        return store
    }
}

/// The code of the store's error that `operation` fails with; nil if it does not.
func errorCode(_ operation: () async throws -> some Any) async throws -> LockStoreError.Code? {
    do {
        _ = try await operation()
        return nil
    } catch let error as LockStoreError {
        return error.code
    }
}
