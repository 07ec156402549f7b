/// The channels that are subscribed to, or are to be.
struct Subscriptions {
    typealias Waiter = (Result<Void, RedisError>) -> Void
    /// Tells one subscription to a channel from those before it, whose answers may still come.
    typealias Request = Int

    /// The most channels.
    static let channelsMax = 50_000

    private enum State {
        /// Not confirmed yet; those who wait for that.
        case requested([Waiter])
        case confirmed
        /// It was confirmed on a connection that is lost.
        case toBeRenewed
    }

    private var channels: [RedisName: (request: Request, state: State)] = [:]
    private var nextRequest = 0
    /// Channels that are to be renewed.
    private var missingCount = 0

    var count: Int { channels.count }

    /// All of them, to be asked for on a new connection.
    var requests: [(channel: RedisName, request: Request)] { channels.map { ($0.key, $0.value.request) } }

    /// Those that are to be renewed.
    var missing: [(channel: RedisName, request: Request)] {
        guard missingCount > 0 else { return [] }
        return channels.compactMap { channel, entry in
            if case .toBeRenewed = entry.state { (channel, entry.request) } else { nil }
        }
    }

    func contains(_ channel: RedisName) -> Bool { channels[channel] != nil }

    func isConfirmed(_ channel: RedisName) -> Bool {
        if case .confirmed? = channels[channel]?.state { true } else { false }
    }

    /// Whether all are confirmed that once were.
    var areRenewed: Bool { missingCount == 0 }

    /// Adds a channel; gives the request that is to be made, if it is new. `waiter` is called in the end.
    mutating func add(_ channel: RedisName, _ waiter: @escaping Waiter) -> Request? {
        guard let (request, state) = channels[channel] else {
            nextRequest += 1
            channels[channel] = (nextRequest, .requested([waiter]))
            return nextRequest
        }
        switch state {
        case .requested(let waiters): channels[channel] = (request, .requested(waiters + [waiter]))
        case .confirmed: waiter(.success(()))
        case .toBeRenewed: waiter(.failure(RedisError(.unavailable, "the subscription is being renewed")))
        }
        return nil
    }

    /// Redis has confirmed a request; gives who waited for that.
    mutating func confirm(_ request: Request, for channel: RedisName) -> [Waiter] {
        guard let (current, state) = channels[channel], current == request else { return [] }
        channels[channel] = (request, .confirmed)
        switch state {
        case .requested(let waiters): return waiters
        case .confirmed: return []
        case .toBeRenewed:
            missingCount -= 1
            return []
        }
    }

    /// A request has come to nothing: forgets the channel, unless it is to be renewed on the next connection;
    /// gives who waited for it.
    mutating func refuse(_ request: Request, for channel: RedisName) -> [Waiter] {
        guard let (current, state) = channels[channel], current == request,
            case .requested(let waiters) = state
        else {
            return []
        }
        channels[channel] = nil
        return waiters
    }

    /// Forgets a channel; gives who waited for it, nil if it was not there.
    mutating func remove(_ channel: RedisName) -> [Waiter]? {
        switch channels.removeValue(forKey: channel)?.state {
        case nil: return nil
        case .requested(let waiters): return waiters
        case .confirmed: return []
        case .toBeRenewed:
            missingCount -= 1
            return []
        }
    }

    /// The connection is lost: what was confirmed is to be renewed; what was not is forgotten, and those who
    /// waited for it are given.
    mutating func lose() -> [Waiter] {
        var lost: [Waiter] = []
        for (channel, (request, state)) in channels {
            switch state {
            case .requested(let waiters):
                lost += waiters
                channels[channel] = nil
            case .confirmed:
                channels[channel] = (request, .toBeRenewed)
                missingCount += 1
            case .toBeRenewed: break
            }
        }
        return lost
    }
}
