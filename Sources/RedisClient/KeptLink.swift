import EventLoop

/// A connection that is made anew whenever it ends, until it is stopped. Loop thread only.
final class KeptLink {
    enum Event: Sendable {
        case ready
        case message(channel: RedisName, payload: [UInt8])
        /// A connection that was ready has ended.
        case lost(RedisError)
        /// An attempt has failed; the next is made after a while.
        case failed(RedisError, next: Duration)
    }

    private let purpose: RedisLink.Purpose
    private var configuration: RedisConfiguration
    private let loop: EventLoop
    private let random: () -> Double
    private let event: (Event) -> Void
    private var alarm: Alarm?
    private var backoff = Backoff()
    private var link: RedisLink?
    private var search: MasterSearch?
    private var attempts = 0
    /// Whether the credentials are being read for the next attempt.
    private var isReading = false
    /// The master that the next attempt is made to, unasked.
    private var announced: RedisAddress?
    private var readySince: Int64?
    /// The one server that is connected to, when another connection decides which.
    private var leader: (address: RedisAddress, peer: NetworkAddress)?

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
    var isResting: Bool { link == nil && search == nil && !isReading }

    /// With the credentials that were read last.
    var current: RedisConfiguration { configuration }

    /// The server that was last connected to, or tried.
    var address: RedisAddress? { link?.address }

    func stop() {
        alarm?.stop()
        alarm = nil
        search?.cancel()
        search = nil
        link?.stop()
        link = nil
    }

    /// Goes to a master that has been made known, from another one at once, as if that connection had been lost;
    /// otherwise by the next attempt. Without sentinels there is only one server, and nothing happens.
    func follow(_ master: RedisAddress) {
        guard case .sentinels = configuration.server, link?.address != master else { return }
        announced = master
        link?.end(RedisError(.outcomeUnknown, "the master is now \(master)"))
    }

    /// Goes where another connection has gone, and nowhere else: at once, if it is not there.
    func follow(_ address: RedisAddress, at peer: NetworkAddress) {
        leader = (address, peer)
        if let link {
            // One that is still being made goes on, unless it leads elsewhere.
            guard link.address != address || link.target != peer else { return }
            link.end(RedisError(.outcomeUnknown, "the connection for commands is now to \(address)"))
        }
        alarm?.set(Alarm.now)
    }

    /// Reads the credentials anew, which may have changed, and connects.
    private func attempt() {
        guard let reread = configuration.reread else { return connect() }
        guard !isReading else { return }
        isReading = true
        loop.inBackground {
            Result { () throws(RedisError) in try reread() }
        } then: { [weak self] result in
            guard let self else { return }
            isReading = false
            // It may have been stopped meanwhile.
            guard alarm != nil else { return }
            switch result {
            case .success(let credentials):
                configuration = configuration.with(credentials)
                connect()
            case .failure(let error): retry(after: error)
            }
        }
    }

    private func connect() {
        if let leader { return connect(to: leader.address, at: leader.peer) }
        switch configuration.server {
        case .address(let address): connect(to: address)
        case .sentinels(let sentinels, let master):
            if let address = announced {
                announced = nil
                return connect(to: address)
            }
            // Another one goes first each time: one that has not heard of a fail-over would be believed for ever.
            let first = attempts % sentinels.count
            attempts += 1
            if purpose == .announcements { return connect(to: sentinels[first]) }
            let order = Array(sentinels[first...] + sentinels[..<first])
            search = MasterSearch(for: master, among: order, configuration, on: loop) { [unowned self] in
                search = nil
                switch $0 {
                case .success(let address): connect(to: address)
                case .failure(let error): retry(after: error)
                }
            }
            search?.start()
        }
    }

    private func connect(to address: RedisAddress, at peer: NetworkAddress? = nil) {
        do throws(EventLoopError) {
            link = try RedisLink(to: address, at: peer, for: purpose, configuration, on: loop) {
                [unowned self] in
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
        let wait = backoff.next(random: random(), isRefused: error.isRefusal)
        alarm?.set(Alarm.now + wait.nanoseconds)
        event(lasted == nil ? .failed(error, next: wait) : .lost(error))
    }
}
