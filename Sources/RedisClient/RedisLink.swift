import EventLoop
import Glibc

/// One connection to a Redis server or a sentinel, from the look-up of its name to its end. Loop thread only.
///
/// Commands leave at the end of the turn they were given in, all in one write, and their replies come in the
/// same order. A reply that does not come in time ends the connection, so that it is never taken for another's.
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
        case message(channel: String, payload: [UInt8])
        /// The end; nothing follows, and no callback of a command is left.
        case ended(RedisError)
    }

    /// Replies that may be waited for at once.
    static let repliesMax = 100_000
    private static let readBytes = 64 * 1024
    /// Reads before others get their turn.
    private static let readsPerTurnMax = 16

    let address: RedisAddress
    let purpose: Purpose
    let configuration: RedisConfiguration
    private let loop: EventLoop
    private let event: (Event) -> Void
    private let timeoutNanoseconds: Int64
    /// By when it must be ready.
    private let deadline: Int64
    private var dialer: Dialer?
    private var transport: Transport?
    /// TLS that is being begun.
    private var handshake: TLSSession?
    private var watch: Watch?
    private var alarm: Alarm?
    private let reader = ReplyReader()
    private var output = OutputBuffer()
    private var pending = PendingReplies()
    private var willFlush = false
    /// Whether anything has come in since the alarm last went off.
    private var wasHeard = false
    private(set) var isReady = false
    private(set) var isEnded = false
    /// Set once no more commands are taken: the connection ends when those in flight are answered.
    private var farewell: RedisError?

    /// Begins to connect.
    ///
    /// - Parameter event: not called from within this call.
    init(
        to address: RedisAddress, for purpose: Purpose, _ configuration: RedisConfiguration,
        on loop: EventLoop,
        event: @escaping (Event) -> Void
    ) throws(EventLoopError) {
        self.address = address
        self.purpose = purpose
        self.configuration = configuration
        self.loop = loop
        self.event = event
        timeoutNanoseconds = configuration.timeout.nanoseconds
        deadline = Alarm.now + timeoutNanoseconds
        alarm = try Alarm(on: loop) { [unowned self] in alarmWentOff() }
        dialer = try Dialer(to: address, by: deadline, on: loop) { [unowned self] in dialed($0) }
    }

    /// Ends the connection without an event. What is in flight is told.
    func stop() { end(RedisError(.outcomeUnknown, "the connection to \(address) was given up"), tell: false) }

    /// Takes no more commands, and ends when those in flight are answered.
    func retire(because reason: RedisError) {
        guard !isEnded, farewell == nil else { return }
        farewell = reason
        isReady = false
        if pending.count == 0 { end(reason) }
    }

    // MARK: Commands

    /// Sends commands; `done` gets as many replies as there are commands, or why they will not come.
    ///
    /// - Parameter replies: how many there will be.
    func send(_ bytes: [UInt8], replies: Int, done: @escaping PendingReplies.Done) {
        guard isReady else { return done(.failure(farewell ?? notReady)) }
        put(bytes, replies: replies, done: done)
    }

    /// Sends commands also while the connection is not ready yet.
    func put(_ bytes: [UInt8], replies: Int, done: @escaping PendingReplies.Done) {
        guard pending.count + replies <= Self.repliesMax, output.count + bytes.count <= OutputBuffer.bytesMax
        else {
            return done(.failure(RedisError(.unavailable, "too many commands to \(address) are in flight")))
        }
        pending.append(
            replies: replies, start: output.end,
            due: isReady ? Alarm.now + timeoutNanoseconds : deadline, done: done)
        output.append(bytes)
        guard !willFlush else { return }
        willFlush = true
        loop.atEndOfTurn { [weak self] in self?.flush() }
    }

    private var notReady: RedisError { RedisError(.unavailable, "there is no connection to \(address)") }

    private func flush() {
        willFlush = false
        guard !isEnded, let transport else { return }
        if let reason = output.write(to: transport) { return lose(reason) }
        watch?.awaitsWriting = !output.isEmpty
    }

    // MARK: Life

    private func dialed(_ result: Result<Int32, RedisError>) {
        dialer = nil
        switch result {
        case .failure(let error): end(error)
        case .success(let descriptor):
            do throws(EventLoopError) {
                watch = try Watch(descriptor, on: loop) { [unowned self] in socketIsReady() }
            } catch {
                close(descriptor)
                return lose(error.description)
            }
            alarm?.set(deadline)
            secure(descriptor)
        }
    }

    /// Begins TLS, if it is to be, and then to log in.
    private func secure(_ descriptor: Int32) {
        guard let tls = configuration.tls else {
            transport = .plain(descriptor)
            return logIn()
        }
        guard let session = TLSSession(tls, over: descriptor, serverName: address.serverName) else {
            close(descriptor)
            return lose("no memory for TLS")
        }
        handshake = session
        shakeHands()
    }

    private func shakeHands() {
        guard let handshake else { return }
        switch handshake.shakeHands() {
        case .blocked: watch?.awaitsWriting = handshake.awaitsWriting
        case .ended(let reason): lose(reason)
        case .done:
            watch?.awaitsWriting = false
            transport = .tls(handshake)
            self.handshake = nil
            logIn()
        }
    }

    /// After everything that makes the connection ready.
    func becomeReady() {
        guard !isEnded else { return }
        isReady = true
        event(.ready)
    }

    private func lose(_ reason: String) {
        end(RedisError(.outcomeUnknown, "the connection to \(address) is lost: \(reason)"))
    }

    /// Ends the connection. Commands of which nothing was written are told that they were not sent.
    func end(_ error: RedisError, tell: Bool = true) {
        guard !isEnded else { return }
        isEnded = true
        isReady = false
        dialer?.cancel()
        alarm?.stop()
        watch?.stop()
        closeSocket()
        let entries = pending.removeAll()
        for entry in entries {
            let isSent = entry.start < output.written
            entry.done(.failure(RedisError(isSent ? .outcomeUnknown : .unavailable, error.detail)))
        }
        if tell { event(.ended(error)) }
    }

    private func closeSocket() {
        transport?.close()
        if let handshake { close(handshake.descriptor) }
        transport = nil
        handshake = nil
    }

    /// Ends a connection on which nothing comes any more, and asks on one that is idle whether it still lives.
    private func alarmWentOff() {
        // The process may have slept while replies came: they are in time.
        read()
        guard !isEnded else { return }
        guard transport != nil else { return lose("TLS has not begun within \(configuration.timeout)") }
        let now = Alarm.now
        if let due = pending.due, due <= now {
            let span = configuration.timeout
            return lose("no reply came within \(span)")
        }
        if pending.count == 0, !wasHeard, isReady {
            put(RedisCommand(["PING"]).bytes, replies: 1) { _ in }
        }
        wasHeard = false
        // No command that is given later is due earlier.
        alarm?.set(pending.due ?? now + timeoutNanoseconds)
    }

    // MARK: Bytes

    private func socketIsReady() {
        guard handshake == nil else { return shakeHands() }
        if !output.isEmpty { flush() }
        read()
    }

    private func read() {
        guard let transport, !isEnded else { return }
        var reason: String?
        withUnsafeTemporaryAllocation(byteCount: Self.readBytes, alignment: 8) { buffer in
            for _ in 0..<Self.readsPerTurnMax {
                switch transport.read(into: buffer) {
                case .blocked: return
                case .ended(let text):
                    reason = text
                    return
                case .done(let count):
                    wasHeard = true
                    take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    if isEnded || (count < buffer.count && !transport.readsRecords) { return }
                }
            }
        }
        if let reason { lose(reason) }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        do throws(RedisError) {
            try reader.feed(bytes)
            while !isEnded, let reply = try reader.next() { take(reply) }
        } catch {
            end(error)
        }
    }

    private func take(_ reply: RedisReply) {
        if purpose == .subscriptions || purpose == .announcements, case .array(let parts) = reply,
            parts.count == 3,
            parts[0].text == "message", let channel = parts[1].text, let payload = parts[2].bytes
        {
            return event(.message(channel: channel, payload: payload))
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
