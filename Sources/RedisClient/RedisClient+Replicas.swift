import EventLoop

/// Those who wait for replicas, and the connection that does: `WAIT` keeps a connection from everything else.
struct Replication {
    typealias Waiter = @Sendable (Result<Void, RedisError>) -> Void

    /// The longest that Redis waits for its replicas, in milliseconds.
    static let milliseconds = 1_000

    var link: KeptLink?
    /// They are waited for together, at the end of the turn or after those that are under way.
    var waiters: [Waiter] = []
    var isUnderWay = false
    var willBegin = false
}

extension RedisClient {
    /// What is written and waited for behind all other writes: a replica that has it has them, too.
    private static let key = "ticketlockd:written"

    /// Returns when as many replicas as are configured have all that commands have written that were answered before.
    /// Throws when they have not after a second, or that cannot be known.
    package func waitForReplicas() async throws(RedisError) {
        guard configuration.replicasWaitedFor > 0 else { return }
        try await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Void, RedisError>, Never>) in
            replication.waiters.append { continuation.resume(returning: $0) }
            beginAtEndOfTurn()
        }.get()
    }

    /// The connection follows the one for commands: what that has written before a break cannot be vouched for.
    func renewReplication() throws(EventLoopError) {
        guard configuration.replicasWaitedFor > 0 else { return }
        if replication.link == nil {
            replication.link = try makeLink(for: .commands) { $0.replicationEvent($1) }
        }
        replication.link?.ready?.end(RedisError(.outcomeUnknown, "the connection for commands is another"))
        guard let link = commands?.ready, let peer = link.peer else { return }
        replication.link?.follow(link.address, at: peer)
    }

    func failReplication(_ error: RedisError) {
        let waiters = replication.waiters
        replication.waiters = []
        for waiter in waiters { waiter(.failure(RedisError(.outcomeUnknown, error.detail))) }
    }

    private func replicationEvent(_ event: KeptLink.Event) {
        switch event {
        case .ready: beginAtEndOfTurn()
        case .lost(let error), .failed(let error, _): failReplication(error)
        case .message: break
        }
    }

    private func beginAtEndOfTurn() {
        guard !replication.willBegin, !replication.isUnderWay, !replication.waiters.isEmpty else { return }
        replication.willBegin = true
        loop.atEndOfTurn { [weak self] in self?.onLoop { $0.beginToWait() } }
    }

    private func beginToWait() {
        replication.willBegin = false
        guard commands?.ready != nil else { return failReplication(unavailable) }
        // One that is being made begins by itself.
        guard let link = replication.link?.ready else { return }
        let waiters = replication.waiters
        replication.waiters = []
        replication.isUnderWay = true
        let count = configuration.replicasWaitedFor
        let commands = [
            RedisCommand(["SET", Self.key, "", "PX", "60000"]),
            RedisCommand(["WAIT", String(count), String(Replication.milliseconds)]),
        ]
        link.send(commands.flatMap(\.bytes), replies: commands.count) { [unowned self] result in
            onLoop {
                $0.replication.isUnderWay = false
                let outcome = Self.outcome(result, count)
                for waiter in waiters { waiter(outcome) }
                $0.beginAtEndOfTurn()
            }
        }
    }

    private static func outcome(
        _ result: Result<[RedisReply], RedisError>, _ wanted: Int
    ) -> Result<Void, RedisError> {
        switch result {
        case .failure(let error): return .failure(RedisError(.outcomeUnknown, error.detail))
        case .success(let replies):
            for case .error(let message) in replies { return .failure(RedisError(.outcomeUnknown, message)) }
            let count = replies.last?.integer ?? 0
            if count >= wanted { return .success(()) }
            return .failure(
                RedisError(.outcomeUnknown, "\(count) of \(wanted) replicas have it after a second"))
        }
    }
}
