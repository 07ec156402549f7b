import EventLoop

/// A connection that is made anew whenever it ends, until it is stopped. Loop thread only.
final class KeptLink {
    enum Event: Sendable {
        case ready
        case message(channel: String, payload: [UInt8])
        /// A connection that was ready has ended.
        case lost(RedisError)
        /// An attempt has failed; the next is made after a while.
        case failed(RedisError, next: Duration)
    }

    private let purpose: RedisLink.Purpose
    private let configuration: RedisConfiguration
    private let loop: EventLoop
    private let random: () -> Double
    private let event: (Event) -> Void
    private var alarm: Alarm?
    private var backoff = Backoff()
    private var link: RedisLink?
    private var readySince: Int64?

    /// - Parameter random: gives numbers from 0 to 1.
    init(
        for purpose: RedisLink.Purpose, _ configuration: RedisConfiguration, on loop: EventLoop,
        random: @escaping () -> Double, event: @escaping (Event) -> Void
    ) throws(EventLoopError) {
        self.purpose = purpose
        self.configuration = configuration
        self.loop = loop
        self.random = random
        self.event = event
        alarm = try Alarm(on: loop) { [unowned self] in attempt() }
    }

    /// Makes the first attempt. Once; may call back.
    func start() { attempt() }

    /// The connection, while it takes commands.
    var ready: RedisLink? { link.flatMap { $0.isReady ? $0 : nil } }

    /// Whether it rests between two attempts.
    var isResting: Bool { link == nil }

    /// The server that was last connected to, or tried.
    var address: RedisAddress? { link?.address }

    func stop() {
        alarm?.stop()
        alarm = nil
        link?.stop()
        link = nil
    }

    /// Ends the present connection, as if it had been lost.
    func drop(because reason: RedisError) { link?.end(reason) }

    private func attempt() {
        guard case .address(let address) = configuration.server else { return }
        do throws(EventLoopError) {
            link = try RedisLink(to: address, for: purpose, configuration, on: loop) { [unowned self] in
                handle($0)
            }
        } catch {
            retry(after: RedisError(.unavailable, error.description))
        }
    }

    private func handle(_ event: RedisLink.Event) {
        switch event {
        case .ready:
            readySince = Alarm.now
            self.event(.ready)
        case .message(let channel, let payload): self.event(.message(channel: channel, payload: payload))
        case .ended(let error):
            link = nil
            retry(after: error)
        }
    }

    private func retry(after error: RedisError) {
        let lasted = readySince.map { Alarm.now - $0 }
        readySince = nil
        // One that ends as soon as it is ready has not succeeded.
        if let lasted, lasted >= Backoff.longest.nanoseconds { backoff.reset() }
        let wait = backoff.next(random: random())
        alarm?.set(Alarm.now + wait.nanoseconds)
        event(lasted == nil ? .failed(error, next: wait) : .lost(error))
    }
}
