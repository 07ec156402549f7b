import EventLoop

/// What a client knows of the messages that it sends to itself.
struct Echo {
    /// How often it sends one, and how long it waits for it: a connection for messages on which nothing comes is
    /// noticed within two of these.
    static let period: Duration = .seconds(1)

    let channel: RedisName
    var alarm: Alarm?
    /// Whether one has come back since messages were lost.
    var isHeard = false
    /// Whether none has come back since the last was sent.
    var isAwaited = false
    /// When the oldest was sent that should have come back, on ``Alarm``'s clock.
    var unheardSince: Int64?
    /// Whether a command of it is under way.
    var isSending = false

    init(channel: RedisName) {
        self.channel = channel
    }
}

/// Listening to itself. Whether messages come in is known only when one does: a connection may be half open, lead to a
/// server that is no longer the one, or to one that does not let us listen or speak.
extension RedisClient {
    func startEcho() throws(EventLoopError) {
        guard echo != nil else { return }
        echo?.alarm = try Alarm(on: loop) { [unowned self] in onLoop { $0.echoIsDue() } }
    }

    /// Commands can be given: it begins at once.
    func listenToSelf() {
        echo?.unheardSince = nil
        echoIsDue()
    }

    func echoIsDue() {
        guard let echo else { return }
        echo.alarm?.set(Alarm.now + Echo.period.nanoseconds)
        guard let link = commands?.ready else { return }
        subscribeToSelf()
        // The process may have slept while it came.
        if isOverdue { subscriber?.ready?.catchUp() }
        if isOverdue { endSubscriber("no messages come in") }
        guard !echo.isSending else { return }
        self.echo?.isSending = true
        self.echo?.isAwaited = true
        let sent = Alarm.now
        let isListening = subscriptions.isConfirmed(echo.channel)
        link.send(RedisCommand(["PUBLISH", echo.channel.string, ""]).bytes, replies: 1) {
            [unowned self] result in
            onLoop { $0.echoed(result, sent: sent, wasListening: isListening) }
        }
    }

    private var isOverdue: Bool {
        echo?.unheardSince.map { Alarm.now - $0 >= Echo.period.nanoseconds } ?? false
    }

    /// Redis has taken one, or has not.
    private func echoed(_ result: Result<[RedisReply], RedisError>, sent: Int64, wasListening: Bool) {
        echo?.isSending = false
        guard case .success(let replies) = result else { return }
        switch replies[0] {
        case .error(let message):
            // Nobody hears what we say, so nothing of ours can be trusted to be heard.
            loseMessages(RedisError(reply: message))
            echo?.unheardSince = nil
        case .integer(0) where wasListening: endSubscriber("the server for commands does not know it")
        // It may have come back before.
        case .integer where wasListening:
            if echo?.isAwaited == true, echo?.unheardSince == nil { echo?.unheardSince = sent }
        default:
            // It came too early.
            if let channel = echo?.channel, subscriptions.isConfirmed(channel) { echoIsDue() }
        }
    }

    /// One has come back, or somebody else has sent one.
    func heard(_ payload: [UInt8]) {
        guard payload.isEmpty else { return }
        echo?.isHeard = true
        echo?.isAwaited = false
        echo?.unheardSince = nil
        tellOfMessages()
    }

    /// Listens to its own channel, and asks again for what was refused: rights come and go.
    private func subscribeToSelf() {
        guard let echo else { return }
        // Without a descriptor, the next time.
        do throws(RedisError) { try startSubscriber() } catch { return }
        guard let link = subscriber?.ready else { return }
        if !subscriptions.contains(echo.channel), let request = subscriptions.add(echo.channel, { _ in }) {
            send(request, for: echo.channel)
        }
        guard link.isIdle else { return }
        for (channel, request) in subscriptions.missing { send(request, for: channel) }
    }

    /// Redis has answered whether we may listen to ourselves.
    func subscribedToSelf(_ result: Result<[RedisReply], RedisError>) {
        guard case .success(let replies) = result else { return }
        if case .error(let message) = replies[0] {
            loseMessages(RedisError(reply: message))
        } else {
            echoIsDue()
        }
    }

    private func endSubscriber(_ reason: String) {
        echo?.unheardSince = nil
        guard let link = subscriber?.ready else { return }
        link.end(
            RedisError(
                .outcomeUnknown, "the connection for messages to \(link.address) is of no use: \(reason)"))
    }
}
