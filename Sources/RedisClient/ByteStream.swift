import EventLoop
import Glibc

/// Bytes to and from an address: over a socket, and TLS if there is to be. Loop thread only.
///
/// What is written leaves at the end of the turn, all in one write.
final class ByteStream {
    enum Event {
        /// Bytes go both ways from now on.
        case opened
        /// Some have come in; they are there for the call only.
        case bytes(UnsafeRawBufferPointer)
        /// The end, which nobody here has asked for, and why; nothing follows.
        case ended(RedisError)
    }

    private static let readBytes = 64 * 1024
    /// Reads before others get their turn.
    private static let readsPerTurnMax = 16

    private let address: RedisAddress
    private let tls: RedisTLS?
    private let loop: EventLoop
    private let event: (Event) -> Void
    private var dialer: Dialer?
    private var watch: Watch?
    /// TLS that is being begun.
    private var handshake: TLSSession?
    private var transport: Transport?
    private var output = OutputBuffer()
    private var willFlush = false
    private var isEnded = false
    /// Where it is connected to, once it is.
    private(set) var peer: NetworkAddress?

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - peer: what the address's name stands for, if that is not to be looked up.
    ///   - deadline: by when there must be a socket, on ``Alarm``'s clock; TLS takes the time it is given.
    ///   - event: not called from within this call.
    init(
        to address: RedisAddress, at peer: NetworkAddress?, _ tls: RedisTLS?, by deadline: Int64,
        on loop: EventLoop,
        event: @escaping (Event) -> Void
    ) throws(EventLoopError) {
        self.address = address
        self.tls = tls
        self.loop = loop
        self.event = event
        dialer = try Dialer(to: address, at: peer, by: deadline, on: loop) { [unowned self] in dialed($0) }
    }

    /// Ends it without an event. A second call does nothing.
    func close() {
        isEnded = true
        dialer?.cancel()
        watch?.stop()
        transport?.close()
        if let handshake { Glibc.close(handshake.descriptor) }
        dialer = nil
        watch = nil
        transport = nil
        handshake = nil
    }

    /// What the other side has not done yet, or not lately.
    var expectation: String {
        if dialer != nil { return "accept a connection" }
        return handshake == nil ? "answer" : "begin TLS"
    }

    // MARK: Writing

    /// Bytes that wait to be written.
    var waitingCount: Int { output.count }
    /// Bytes written since the beginning.
    var written: UInt64 { output.written }
    /// Where the next byte that is given stands among all of them.
    var end: UInt64 { output.end }

    func write(_ bytes: [UInt8]) {
        output.append(bytes)
        guard !willFlush else { return }
        willFlush = true
        loop.atEndOfTurn { [weak self] in self?.flush() }
    }

    private func flush() {
        willFlush = false
        guard let transport else { return }
        if let reason = output.write(to: transport) {
            // Why it was closed may have come in before.
            read()
            return lose(reason)
        }
        watch?.awaitsWriting = !output.isEmpty
    }

    // MARK: Reading

    /// Takes what has come in.
    func read() {
        guard let transport else { return }
        var reason: String?
        withUnsafeTemporaryAllocation(byteCount: Self.readBytes, alignment: 8) { buffer in
            for _ in 0..<Self.readsPerTurnMax {
                switch transport.read(into: buffer) {
                case .blocked: return
                case .ended(let text):
                    reason = text
                    return
                case .done(let count):
                    event(.bytes(UnsafeRawBufferPointer(rebasing: buffer[..<count])))
                    if isEnded { return }
                    // A connection that was reset behind what came in is not called back for again.
                    let mayHaveMore =
                        count == buffer.count || transport.readsRecords || watch?.hasFailed == true
                    if !mayHaveMore { return }
                }
            }
        }
        if let reason { lose(reason) }
    }

    private func socketIsReady() {
        guard handshake == nil else { return shakeHands() }
        if !output.isEmpty { flush() }
        read()
    }

    private func lose(_ reason: String) {
        guard !isEnded else { return }
        fail(RedisError(.outcomeUnknown, "the connection to \(address) is lost: \(reason)"))
    }

    private func fail(_ error: RedisError) {
        close()
        event(.ended(error))
    }

    // MARK: Opening

    private func dialed(_ result: Result<(descriptor: Int32, peer: NetworkAddress), RedisError>) {
        dialer = nil
        switch result {
        case .failure(let error): fail(error)
        case .success(let (descriptor, peer)):
            self.peer = peer
            do throws(EventLoopError) {
                watch = try Watch(descriptor, on: loop) { [unowned self] in socketIsReady() }
            } catch {
                Glibc.close(descriptor)
                return lose(error.description)
            }
            secure(descriptor)
        }
    }

    /// Begins TLS, if there is to be.
    private func secure(_ descriptor: Int32) {
        guard let tls else { return open(.plain(descriptor)) }
        guard let session = TLSSession(tls, over: descriptor, serverName: address.serverName) else {
            Glibc.close(descriptor)
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
            self.handshake = nil
            watch?.awaitsWriting = false
            open(.tls(handshake))
        }
    }

    private func open(_ transport: Transport) {
        self.transport = transport
        event(.opened)
    }
}
