import EventLoop

/// Those who wait for replicas, and the connection that does: `WAIT` keeps a connection from everything else.
struct Replication {
    typealias Waiter = @Sendable (Result<Void, RedisError>) -> Void

    /// The longest that Redis waits for its replicas, in milliseconds.
    static let milliseconds = 1_000

    var link: KeptLink?
    /// How many connections have been made.
    var connectionCount = 0
    /// Whether this one has been seen to lead to the server that has the commands.
    var isVerified = false
    /// What is written and waited for behind all other writes: a replica that has it has them, too. A key of this
    /// client's own.
    let key = "ticketlockd:written:" + String(UInt64.random(in: 1 << 60...UInt64.max), radix: 16)
    /// They are waited for together, at the end of the turn or after those that are under way.
    var waiters: [Waiter] = []
    var isUnderWay = false
    var willBegin = false
}

extension RedisClient {
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
        case .ready:
            replication.connectionCount += 1
            replication.isVerified = false
            verifyReplication(of: replication.connectionCount)
        case .lost(let error), .failed(let error, _): failReplication(error)
        case .message: break
        }
    }

    /// Behind one address there may be several servers, as when a name or a proxy has moved on while the connection
    /// for commands stays where it is: what is written by this connection has to be read by that one.
    private func verifyReplication(of connection: Int) {
        replication.link?.ready?.send(written.bytes, replies: 1) { [unowned self] _ in
            onLoop { client in
                let read = RedisCommand(["GET", client.replication.key])
                client.commands?.ready?.send(read.bytes, replies: 1) { [unowned self] result in
                    onLoop { $0.verified(connection, result) }
                }
            }
        }
    }

    private func verified(_ connection: Int, _ result: Result<[RedisReply], RedisError>) {
        guard connection == replication.connectionCount, case .success(let replies) = result else { return }
        // A right that is missing is told by the first grant.
        let isRefused = if case .error = replies[0] { true } else { false }
        guard isRefused || replies[0].text == String(connection) else {
            let error = RedisError(
                .unavailable, "it leads to another server than the connection for commands")
            replication.link?.ready?.end(error)
            return
        }
        replication.isVerified = true
        beginAtEndOfTurn()
    }

    private var written: RedisCommand {
        RedisCommand(["SET", replication.key, String(replication.connectionCount), "PX", "60000"])
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
        guard let link = replication.link?.ready, replication.isVerified else { return }
        let waiters = replication.waiters
        replication.waiters = []
        replication.isUnderWay = true
        let count = configuration.replicasWaitedFor
        let commands = [
            written,
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
