import EventLoop
package import LockStore
import RedisClient
import TicketLock

/// Whether the store can grant now.
extension RedisLockStore {
    /// Does what taking a ticket does, on the key of no conversation: what Redis would refuse then it refuses now.
    package func checkReady() async throws(LockStoreError) {
        guard isReady else {
            throw failure(RedisError(.unavailable, "there is no connection to Redis"), isReading: true)
        }
        do throws(RedisError) {
            let keys = [keyPrefix, Self.channelPrefix + "ready"]
            _ = try await redis.run(scripts.ready, keys: keys, arguments: [], followedBy: [])
        } catch {
            throw failure(error, isReading: true)
        }
    }

    /// What a client is told of what happened to Redis. What Redis refuses is logged; of the connections the
    /// Redis client tells itself.
    func failure(_ error: RedisError, isReading: Bool) -> LockStoreError {
        switch error.code {
        case .unavailable:
            // It may be there, and not let us in.
            var problem: RedisError?
            redis.onLoop { problem = $0.lastProblem }
            guard let problem else { return LockStoreError(.unavailable, error.detail) }
            guard problem.code == .refused else { return LockStoreError(.unavailable, problem.detail) }
            return LockStoreError(.refused, RedisAdvice(problem).description)
        case .outcomeUnknown:
            return LockStoreError(isReading ? .unavailable : .outcomeUnknown, error.detail)
        case .refused:
            logRefusal(error)
            let isUnreadable = error.word == "WRONGTYPE" || error.word == "NOTALOCK"
            if isUnreadable { return LockStoreError(.unreadable, error.detail) }
            return LockStoreError(.refused, RedisAdvice(error).description)
        }
    }

    /// Tells of each kind of refusal at most once in ten seconds.
    private func logRefusal(_ error: RedisError) {
        let now = time.now()
        if let last = lastLogged[error.word], now < last + .seconds(10) { return }
        if lastLogged.count >= 100 { lastLogged.removeAll() }
        lastLogged[error.word] = now
        log(.refused(RedisAdvice(error).description))
    }
}
