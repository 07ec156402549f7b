import EventLoop

/// One connection to a Redis server or a sentinel, from the look-up of its name to its end. Loop thread only.
///
/// Replies come in the order of the commands. A reply that does not come in time ends the connection, so that it is never taken for another's.
final class RedisLink {
    /// What the connection is for.
    enum Purpose {
        /// Commands to a server that takes writes.
        case commands
        /// Subscriptions: Redis may send messages at any time.
        case subscriptions
        /// Questions to a sentinel.
        case sentinel
        /// What a sentinel announces.
        case announcements
    }

    enum Event {
        /// Commands may be given now.
        case ready
        /// A message of a channel that is subscribed to.
        case message(channel: RedisName, payload: [UInt8])
        /// The end; nothing follows, and no callback of a command is left.
        case ended(RedisError)
    }

    /// Replies that may be waited for at once.
    static let repliesMax = 100_000

    let address: RedisAddress
    let purpose: Purpose
    let configuration: RedisConfiguration
    private let event: (Event) -> Void
    private let timeoutNanoseconds: Int64
    /// By when it must be ready.
    private let deadline: Int64
    private var stream: ByteStream?
    private var alarm: Alarm?
    private let reader = ReplyReader()
    private var pending = PendingReplies()
    /// Whether anything has come in since the alarm last went off.
    private var wasHeard = false
    private(set) var isReady = false
    private(set) var isEnded = false
    /// Set once no more commands are taken: the connection ends when those in flight are answered.
    private var farewell: RedisError?

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - peer: what the address's name stands for, if that is not to be looked up.
    ///   - event: not called from within this call.
    init(
        to address: RedisAddress, at peer: NetworkAddress? = nil, for purpose: Purpose,
        _ configuration: RedisConfiguration,
        on loop: EventLoop, event: @escaping (Event) -> Void
    ) throws(EventLoopError) {
        self.address = address
        target = peer
        self.purpose = purpose
        self.configuration = configuration
        self.event = event
        timeoutNanoseconds = configuration.timeout.nanoseconds
        deadline = Alarm.now + timeoutNanoseconds
        alarm = try Alarm(on: loop) { [unowned self] in alarmWentOff() }
        alarm?.set(deadline)
        do throws(EventLoopError) {
            stream = try ByteStream(to: address, at: peer, configuration.tls, by: deadline, on: loop) {
                [unowned self] in handle($0)
            }
        } catch {
            alarm?.stop()
            throw error
        }
    }

    /// Where it is connected to, by number.
    var peer: NetworkAddress? { stream?.peer }
    /// Where it was told to connect to, by number.
    let target: NetworkAddress?

    /// Ends the connection without an event. What is in flight is told.
    func stop() {
        end(RedisError(.outcomeUnknown, "the connection to \(address) was given up"), tell: false)
    }

    /// Takes no more commands, and ends when those in flight are answered.
    func retire(because reason: RedisError) {
        guard !isEnded, farewell == nil else { return }
        farewell = reason
        isReady = false
        if pending.count == 0 { end(reason) }
    }

    /// Takes what has come in already.
    func catchUp() { stream?.read() }

    /// Whether nothing is under way.
    var isIdle: Bool { pending.count == 0 }

    // MARK: Commands

    /// Sends commands; `done` gets as many replies as there are commands, or why they will not come.
    ///
    /// - Parameter replies: how many there will be.
    func send(_ bytes: [UInt8], replies: Int, done: @escaping PendingReplies.Done) {
        guard isReady else {
            let reason = farewell?.detail ?? "there is no connection to \(address)"
            return done(.failure(RedisError(.unavailable, reason)))
        }
        put(bytes, replies: replies, done: done)
    }

    /// Sends commands also while the connection is not ready yet.
    func put(_ bytes: [UInt8], replies: Int, done: @escaping PendingReplies.Done) {
        guard let stream, pending.count + replies <= Self.repliesMax,
            stream.waitingCount + bytes.count <= OutputBuffer.bytesMax
        else {
            return done(.failure(RedisError(.unavailable, "too many commands to \(address) are in flight")))
        }
        let due = isReady ? Alarm.now + timeoutNanoseconds : deadline
        pending.append(replies: replies, start: stream.end, due: due, done: done)
        stream.write(bytes)
    }

    // MARK: Life

    /// After everything that makes the connection ready.
    func becomeReady() {
        guard !isEnded else { return }
        isReady = true
        event(.ready)
    }

    /// Ends the connection. Commands of which nothing was written are told that they were not sent.
    func end(_ error: RedisError, tell: Bool = true) {
        guard !isEnded else { return }
        isEnded = true
        isReady = false
        alarm?.stop()
        stream?.close()
        let written = stream?.written ?? 0
        for entry in pending.removeAll() {
            let code: RedisError.Code = entry.start < written ? .outcomeUnknown : .unavailable
            entry.done(.failure(RedisError(code, error.detail)))
        }
        if tell { event(.ended(error)) }
    }

    /// Ends a connection on which nothing comes any more, and asks on one that is idle whether it still lives.
    private func alarmWentOff() {
        // The process may have slept while replies came: they are in time.
        stream?.read()
        guard !isEnded else { return }
        let now = Alarm.now
        // One that is not open yet has no replies to wait for.
        if pending.due.map({ $0 <= now }) ?? !isReady {
            let what = stream?.expectation ?? "answer"
            let detail = "\(address) did not \(what) within \(configuration.timeout)"
            return end(RedisError(.outcomeUnknown, detail))
        }
        if pending.count == 0, !wasHeard {
            put(RedisCommand(["PING"]).bytes, replies: 1) { _ in }
        }
        wasHeard = false
        // No command that is given later is due earlier.
        alarm?.set(pending.due ?? now + timeoutNanoseconds)
    }

    // MARK: Replies

    private func handle(_ event: ByteStream.Event) {
        switch event {
        case .opened: logIn()
        case .bytes(let bytes): take(bytes)
        case .ended(let error):
            // A server that takes no more clients, or none from elsewhere, says so unasked and closes.
            if !isReady, let message = pending.firstError { return end(RedisError(reply: message)) }
            end(error)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        wasHeard = true
        do throws(RedisError) {
            try reader.feed(bytes)
            while !isEnded, let reply = try reader.next() { take(reply) }
        } catch {
            end(error)
        }
    }

    private func take(_ reply: RedisReply) {
        if purpose == .subscriptions || purpose == .announcements, case .array(let parts) = reply,
            parts.count == 3, parts[0].text == "message", let channel = parts[1].text,
            let payload = parts[2].bytes
        {
            return event(.message(channel: RedisName(channel), payload: payload))
        }
        let (isExpected, answered) = pending.take(reply)
        guard isExpected else {
            return end(RedisError(.unavailable, "\(address) sent what nobody asked for: \(reply)"))
        }
        if let answered { answered.done(.success(answered.replies)) }
        if case .error(let message) = reply, message.hasPrefix("READONLY ") {
            retire(because: RedisError(reply: message))
        }
        if let farewell, pending.count == 0 { end(farewell) }
    }
}
