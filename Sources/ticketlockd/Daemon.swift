import EventLoop
import Glibc
import HTTPServer
import LockAPI
import LockStore
import Logging
import RedisClient
import TicketLock

/// The running service: its parts, put together on one event loop, and what signals do to them.
actor Daemon: LoopActor {
    nonisolated let loop: EventLoop
    private let options: DaemonOptions
    private let environment: [String: String]
    private var configuration: Configuration
    private let log: DaemonLog
    private let logger: Logger
    private let api: LockAPI
    private let store: DaemonStore
    private let server: HTTPServer
    private var signals: [Signal] = []
    private var watchdog: Alarm?
    private var isStopping = false
    private var exhaustionLogged: Int64 = .min
    private(set) nonisolated(unsafe) var exitStatus: Int32 = 0

    /// The one that runs. It is never torn down: what a request cut off at the end still refers to lives as long
    /// as the process. Written once, by the thread that then runs the loop.
    private nonisolated(unsafe) static var running: Daemon?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Serves until a signal ends it, on the calling thread. Returns the exit status.
    ///
    /// - Parameter redis: how Redis is reached; nil for the store in memory.
    static func run(
        _ configuration: Configuration, redis: RedisConfiguration?, options: DaemonOptions,
        environment: [String: String]
    ) -> Int32 {
        do {
            let log = try DaemonLog.standardError(configuration.log, environment: environment)
            defer { log.close() }
            let logger = log.logger("ticketlockd")
            do {
                signal(SIGPIPE, SIG_IGN)
                raiseDescriptorLimit(configuration, logger)
                let listeners = try Listeners.open(configuration, passed: ServiceManager.takeSockets())
                let stored = try StoredLocks(configuration, isDiscarding: options.discardState, logger)
                let loop = try EventLoop()
                let daemon = Daemon(configuration, redis, stored, options, environment, log, logger, loop)
                running = daemon
                loop.submit { daemon.onLoop { $0.start(listeners) } }
                loop.run()
                daemon.store.close(logger)
                log.flush(timeout: .seconds(1))
                return daemon.exitStatus
            } catch {
                logger.critical("cannot start", metadata: ["reason": "\(error)"])
                log.flush(timeout: .seconds(1))
                return (error as? LockStateError)?.isPassing == false ? EX_CONFIG : EX_UNAVAILABLE
            }
        } catch {
            StandardErrorOutput.print("cannot start: \(error)\n")
            return EX_OSERR
        }
    }

    private init(
        _ configuration: Configuration, _ redis: RedisConfiguration?, _ stored: StoredLocks?,
        _ options: DaemonOptions,
        _ environment: [String: String], _ log: DaemonLog, _ logger: Logger, _ loop: EventLoop
    ) {
        self.configuration = configuration
        self.options = options
        self.environment = environment
        self.log = log
        self.logger = logger
        self.loop = loop
        let time = LoopTimekeeper(loop: loop)
        store = DaemonStore(
            configuration, redis: redis, stored: stored, loop: loop, time: time, logger: logger)
        let build = BuildInformation(version: Version.text, libmicrohttpd: HTTPServer.libraryVersion)
        api = LockAPI(
            loop: loop, store: store.store, limits: configuration.locks.limits,
            bodyBytesMax: configuration.http.bodyBytesMax, hostRules: configuration.http.hostRules,
            build: build, clock: store.wallClock,
            now: { time.now() })
        server = HTTPServer(loop: loop, limits: configuration.http.limits, handler: api)
    }

    // MARK: Start

    private func start(_ listeners: [Listener]) {
        do {
            try store.start()
            api.onLoop { $0.observe(server) }
            logRequests()
            try server.assumeIsolated { server in
                try server.start(at: listeners) { [weak self] in self?.onLoop { $0.noteExhaustion() }
                }
            }
            try startWatchdog()
        } catch {
            logger.critical("cannot start", metadata: ["reason": "\(error)"])
            exitStatus = EX_UNAVAILABLE
            loop.stop()
            return
        }
        handleSignals()
        if !HTTPServer.answersAllRefusals {
            logger.warning(
                "this libmicrohttpd answers malformed requests with pages of its own, in HTML",
                metadata: ["version": "\(HTTPServer.libraryVersion)"])
        }
        let addresses = listeners.map(\.address).joined(separator: ", ")
        ServiceManager.ready("serving at \(addresses)")
        logger.notice(
            "serving",
            metadata: [
                "version": "\(Version.text)", "listen": "\(addresses)",
                "store": "\(configuration.store.type.rawValue)",
                "max_locks": "\(configuration.locks.locksMax)",
                "max_tickets_per_lock": "\(configuration.locks.ticketsPerLockMax)",
                "max_connections": "\(configuration.http.connectionsMax)",
                "max_lifetime": "\(configuration.locks.maxLifetime)",
                "max_wait": "\(configuration.locks.maxWait)",
            ])
    }

    /// Lets the process open as many descriptors as it may, and says so when that is fewer than it may need.
    private static func raiseDescriptorLimit(_ configuration: Configuration, _ logger: Logger) {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
        let allowed = Int(clamping: limit.rlim_cur)
        let wanted = configuration.http.connectionsMax
        guard allowed < wanted + 64 else { return }
        logger.warning(
            "fewer file descriptors are allowed than http.max_connections needs; raise LimitNOFILE or ulimit -Hn",
            metadata: ["allowed": "\(allowed)", "http.max_connections": "\(wanted)"])
    }

    private func startWatchdog() throws(EventLoopError) {
        guard let interval = ServiceManager.watchdogInterval() else { return }
        let nanoseconds = interval.nanoseconds
        watchdog = try Alarm(on: loop) { [unowned self] in
            ServiceManager.alive()
            onLoop { $0.watchdog?.set(Alarm.now + nanoseconds) }
        }
        watchdog?.set(Alarm.now + nanoseconds)
    }

    private func noteExhaustion() {
        let now = Alarm.now
        guard exhaustionLogged == .min || now - exhaustionLogged > 10_000_000_000 else { return }
        exhaustionLogged = now
        logger.error("no file descriptor or memory is left for another connection; new ones wait")
    }

    // MARK: Signals

    private func handleSignals() {
        signals = [
            Signal(SIGTERM, on: loop) { [unowned self] in onLoop { $0.shutDown("SIGTERM") } },
            Signal(SIGINT, on: loop) { [unowned self] in onLoop { $0.shutDown("SIGINT") } },
            Signal(SIGHUP, on: loop) { [unowned self] in onLoop { $0.reload() } },
        ]
    }

    /// Ends in order: accepts nothing more, answers who is parked, lets what is in flight finish. A second
    /// signal ends at once.
    private func shutDown(_ signal: String) {
        guard !isStopping else {
            logger.warning("stopping at once", metadata: ["signal": "\(signal)"])
            end()
            return
        }
        isStopping = true
        ServiceManager.stopping()
        logger.notice("shutting down", metadata: ["signal": "\(signal)"])
        let deadline = Alarm.now + configuration.shutdownTimeout.nanoseconds
        Task.immediate {
            await server.stopAccepting()
            await api.shutDown()
            await server.drain(until: deadline)
            let left = await server.counts.requests
            if left > 0 {
                logger.warning("requests cut off at the deadline", metadata: ["requests": "\(left)"])
            }
            end()
        }
    }

    private func end() {
        logger.notice("stopped")
        loop.stop()
    }

    /// Reads the configuration again, off the loop, and takes over what can change at run time.
    private func reload() {
        ServiceManager.reloading()
        Task.detached { [options, environment] in
            let result = Result { () throws(ConfigurationErrors) in
                try Configuration.load(options: options, environment: environment).configuration
            }
            await self.take(result)
        }
    }

    private func take(_ result: Result<Configuration, ConfigurationErrors>) async {
        // READY=1 would take back the STOPPING=1 that systemd has heard meanwhile.
        guard !isStopping else { return }
        switch result {
        case .failure(let errors):
            logger.error("the configuration was not reloaded", metadata: ["reason": "\(errors)"])
        case .success(let new):
            let (next, changes) = configuration.reloading(new)
            configuration = next
            log.level = next.log.level
            logRequests()
            await api.setLimits(
                next.locks.limits, bodyBytesMax: next.http.bodyBytesMax, hostRules: next.http.hostRules)
            await server.setBodyBytesMax(next.http.bodyBytesMax)
            if changes.isEmpty { logger.notice("the configuration was reloaded; nothing has changed") }
            for change in changes {
                logger.notice(
                    change.isReloadable ? "setting changed" : "setting changed; it needs a restart",
                    metadata: ["key": "\(change.key)", "old": "\(change.old)", "new": "\(change.new)"])
            }
        }
        if !isStopping { ServiceManager.ready("serving") }
    }

    /// Requests are logged at debug only: a line costs as much as a request.
    private func logRequests() {
        let logger = logger
        let isWanted = log.level <= .debug
        api.onLoop { api in
            guard isWanted else { return api.setAccessLog(nil) }
            api.setAccessLog { access in
                logger.debug(
                    "request",
                    metadata: [
                        "method": "\(access.method)", "target": "\(access.target)",
                        "status": "\(access.status)",
                        "duration": "\(access.duration)",
                    ])
            }
        }
    }
}
