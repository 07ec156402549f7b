package import EventLoop

/// A client of one Redis, on the event loop. It connects, and connects again when it must, by itself.
///
/// One connection carries commands, many at a time; another, made when it is first needed, subscriptions.
/// Nothing is queued while there is no connection: a command then fails at once with
/// ``RedisError/Code/unavailable``.
package actor RedisClient: LoopActor {
    package nonisolated let loop: EventLoop
    let configuration: RedisConfiguration
    let log: @Sendable (RedisNotice) -> Void
    private let random: @Sendable () -> Double
    var commands: KeptLink?
    /// To one of the sentinels, if there are any.
    var announcements: KeptLink?
    var search: MasterSearch?
    var subscriptions = Subscriptions()
    /// As it was told last; nil before that.
    var messagesComeIn: Bool?
    var subscriber: KeptLink?
    var replication = Replication()
    /// Listens to itself, if it has a channel for that.
    var echo: Echo?
    private var isStopped = false
    /// Why there is no connection; nil while there is one.
    package private(set) var lastProblem: RedisError?
    private var told = ToldProblems()
    var onMessage: @Sendable (_ channel: RedisName, _ payload: [UInt8]) -> Void = { _, _ in }
    var onState: @Sendable (RedisState) -> Void = { _ in }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - log: called on the loop's thread with what is worth a line.
    ///   - echoChannel: one that nobody else has; it is listened to as long as there is a connection, and tells whether
    ///     messages come in.
    ///   - random: gives numbers from 0 to 1, for the waits between attempts to connect.
    package init(
        loop: EventLoop, configuration: RedisConfiguration, echoChannel: RedisName? = nil,
        log: @escaping @Sendable (RedisNotice) -> Void = { _ in },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.loop = loop
        self.configuration = configuration
        self.log = log
        self.random = random
        echo = echoChannel.map { Echo(channel: $0) }
        messagesComeIn = echoChannel == nil ? true : nil
        lastProblem = RedisError(.unavailable, "no connection to Redis has been made yet")
    }

    // MARK: Life

    /// Begins to connect. Once; ``stop()`` it before its loop ends. Throws when no descriptor is left.
    package func start() throws(EventLoopError) {
        commands = try makeLink(for: .commands) { $0.commandsEvent($1) }
        commands?.start()
        try watchSentinels()
        try startEcho()
    }

    /// Ends the connections for good. What is in flight fails; so does everything that is asked later.
    package func stop() {
        isStopped = true
        let problem = RedisError(.unavailable, "the connection to Redis has been ended")
        lastProblem = problem
        commands?.stop()
        subscriber?.stop()
        replication.link?.stop()
        replication.link = nil
        failReplication(problem)
        echo?.alarm?.stop()
        echo = nil
        announcements?.stop()
        search?.cancel()
        search = nil
        announcements = nil
        commands = nil
        subscriber = nil
        for waiter in subscriptions.lose() { waiter(.failure(problem)) }
    }

    /// Whether commands can be given: connected, logged in, and to a master.
    package var isReady: Bool { commands?.ready != nil }

    /// Sets what is called, on the loop's thread, with messages of subscribed channels and with changes of state.
    /// Once, before ``start()``.
    package func observe(
        message: @escaping @Sendable (_ channel: RedisName, _ payload: [UInt8]) -> Void,
        state: @escaping @Sendable (RedisState) -> Void
    ) {
        onMessage = message
        onState = state
    }

    // MARK: Commands

    /// The reply to a command; an error reply is thrown as ``RedisError/Code/refused``.
    ///
    /// That the task is cancelled changes nothing: the command may have been carried out.
    package func command(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        try await replies(to: command.bytes, count: 1)[0].checked()
    }

    /// The replies to several commands that leave in one write; some may be ``RedisReply/error(_:)``.
    /// Throws only when they are not sent or the last reply does not come.
    package func pipeline(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        return try await replies(to: commands.flatMap(\.bytes), count: commands.count)
    }

    /// The reply to a script, which is given to Redis first when that does not know it.
    package func run(
        _ script: RedisScript, key: String, arguments: [String]
    ) async throws(RedisError) -> RedisReply {
        try await run(script, keys: [key], arguments: arguments, followedBy: [])[0]
    }

    /// The reply to a script, and those to commands that leave in the same write behind it. An error of the
    /// script is thrown, one of the others is not.
    ///
    /// When Redis does not know the script, the others are carried out before it.
    package func run(
        _ script: RedisScript, keys: [String], arguments: [String], followedBy others: [RedisCommand]
    ) async throws(RedisError) -> [RedisReply] {
        let evaluation = script.evaluation(keys: keys, arguments: arguments)
        var bytes = evaluation.bytes
        for other in others { bytes.append(contentsOf: other.bytes) }
        var replies = try await replies(to: bytes, count: 1 + others.count)
        if case .error(let message) = replies[0], message.hasPrefix("NOSCRIPT ") {
            let again = try await pipeline([script.load, evaluation])
            _ = try again[0].checked()
            replies[0] = again[1]
        }
        _ = try replies[0].checked()
        return replies
    }

    private func replies(to bytes: [UInt8], count: Int) async throws(RedisError) -> [RedisReply] {
        guard let link = commands?.ready else {
            throw unavailable
        }
        return try await withCheckedContinuation { continuation in
            link.send(bytes, replies: count) { continuation.resume(returning: $0) }
        }.get()
    }

    var unavailable: RedisError {
        RedisError(.unavailable, lastProblem?.detail ?? "there is no connection to Redis")
    }

    // MARK: Connections

    func makeLink(
        for purpose: RedisLink.Purpose,
        event: @escaping @Sendable (isolated RedisClient, KeptLink.Event) -> Void
    ) throws(EventLoopError) -> KeptLink? {
        guard !isStopped else { return nil }
        return try KeptLink(for: purpose, configuration, on: loop, random: random) { [unowned self] in
            let happened = $0
            onLoop { event($0, happened) }
        }
    }

    private func commandsEvent(_ event: KeptLink.Event) {
        switch event {
        case .ready:
            lastProblem = nil
            told = ToldProblems()
            if let address = commands?.address { log(.ready(address)) }
            followCommands()
            // Without a descriptor nothing is confirmed, and the next connection tries again.
            try? renewReplication()
            onState(.ready)
            listenToSelf()
        case .lost(let error):
            lastProblem = error
            failReplication(error)
            log(.lost(error))
            onState(.lost)
        case .failed(let error, let next):
            log(told.isNew(error) ? .notReady(error) : .attemptFailed(error, next: next))
            lastProblem = error
        case .message: break
        }
    }
}
