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
    let options: DaemonOptions
    let environment: [String: String]
    var configuration: Configuration
    let log: DaemonLog
    let logger: Logger
    let api: LockAPI
    private let store: DaemonStore
    let server: HTTPServer
    let serviceManager: ServiceManager
    /// The most connections that are served: http.max_connections, or what the descriptors are enough for.
    private let connectionsMax: Int
    /// Where it listens, as a person writes it.
    private(set) var addresses = ""
    private var signals: [Signal] = []
    private var watchdog: Alarm?
    private(set) var lockLog: LockLog?
    /// Ends `shutdown_delay`.
    private(set) var delayAlarm: Alarm?
    var stage = Stage.serving
    var reloading = Reloading.idle
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
        _ loaded: LoadedConfiguration, redis: RedisConfiguration?, options: DaemonOptions,
        environment: [String: String]
    ) -> Int32 {
        let log: DaemonLog
        do throws(LogThreadError) {
            SignalMask.block()
            log = try DaemonLog.standardError(loaded.configuration.log, environment: environment)
        } catch {
            StandardErrorOutput.print("cannot start: \(error)\n")
            return EX_OSERR
        }
        defer { log.close() }
        let logger = log.logger("ticketlockd")
        if !loaded.ignoredVariables.isEmpty {
            logger.debug(
                "variables that Kubernetes sets for a service named ticketlockd are ignored",
                metadata: ["names": "\(loaded.ignoredVariables.joined(separator: " "))"])
        }
        signal(SIGPIPE, SIG_IGN)
        var status: Int32 = 0
        do {
            let allowed = DescriptorBudget.raiseLimit()
            let configuration = loaded.configuration
            let listeners = try Listeners.open(configuration, passed: ServiceManager.takeSockets())
            do {
                let stored = try StoredLocks(configuration, isDiscarding: options.discardState, logger)
                let daemon = try Daemon(
                    configuration, redis, stored, options, environment, log, logger, allowed: allowed)
                running = daemon
                daemon.loop.submit { daemon.onLoop { $0.start(listeners) } }
                daemon.loop.run()
                daemon.store.close(logger)
                status = daemon.exitStatus
            } catch {
                for listener in listeners { listener.close() }
                throw error
            }
        } catch {
            status = logFailure(StartError(error), logger)
        }
        log.flush(timeout: .seconds(1))
        return status
    }

    /// Returns the exit status.
    private static func logFailure(_ error: StartError, _ logger: Logger) -> Int32 {
        logger.critical("cannot start", metadata: ["reason": "\(error)"])
        return error.status
    }

    /// - Parameter allowed: how many file descriptors may be open. Those of listeners and state on disk are open.
    private init(
        _ configuration: Configuration, _ redis: RedisConfiguration?, _ stored: consuming StoredLocks?,
        _ options: DaemonOptions, _ environment: [String: String], _ log: DaemonLog, _ logger: Logger,
        allowed: Int
    ) throws {
        self.configuration = configuration
        self.options = options
        self.environment = environment
        self.log = log
        self.logger = logger
        // libuv aborts when it cannot have the few that it needs itself.
        let possible = try Self.connectionsMax(allowed: allowed)
        loop = try EventLoop()
        // From now on no thread and no descriptor is to be missing, whatever clients take.
        loop.startBackgroundThreads()
        serviceManager = try ServiceManager(environment: environment)
        ProcessInformation.openFiles()
        connectionsMax = try Self.connectionsMax(configuration, allowed: allowed, logger)
        let time = LoopTimekeeper(loop: loop)
        store = DaemonStore(
            configuration, redis: redis, stored: stored, loop: loop, time: time, logger: logger)
        let build = BuildInformation(version: Version.text, libmicrohttpd: HTTPServer.libraryVersion)
        api = LockAPI(
            loop: loop, store: store.store, limits: configuration.locks,
            bodyBytesMax: configuration.http.limits.bodyBytesMax, hostRules: configuration.http.hostRules,
            build: build, clock: store.wallClock,
            now: { time.now() })
        server = HTTPServer(
            loop: loop, limits: configuration.http.limits(connectionsMax: connectionsMax, possible: possible),
            handler: api)
    }

    // MARK: Start

    private func start(_ listeners: [Listener]) {
        do {
            let lockLog = try LockLog(logger, on: loop)
            self.lockLog = lockLog
            try store.start(lockLog, logger)
            api.onLoop { api in
                api.observe(server)
                api.setBreakLog { lockLog.broken($0, $1, by: $2) }
            }
            logRequests()
            try server.assumeIsolated { server in
                try server.start(at: listeners) { [weak self] in self?.onLoop { $0.noteExhaustion() }
                }
            }
            try startWatchdog()
            delayAlarm = try Alarm(on: loop) { [unowned self] in onLoop { $0.delayIsOver() } }
            try handleSignals()
        } catch {
            exitStatus = Self.logFailure(StartError(error), logger)
            for listener in listeners { listener.close() }
            loop.stop()
            return
        }
        if !HTTPServer.answersAllRefusals {
            logger.warning(
                "this libmicrohttpd answers some malformed requests with pages of its own, in HTML; it was built with -Bsymbolic",
                metadata: ["version": "\(HTTPServer.libraryVersion)"])
        }
        addresses = listeners.map(\.address).joined(separator: ", ")
        serviceManager.ready("serving at \(addresses)")
        logger.notice(
            "serving",
            metadata: [
                "version": "\(Version.text)", "listen": "\(addresses)",
                "store": "\(configuration.store.type.rawValue)",
                "max_locks": "\(configuration.locks.locksMax)",
                "max_tickets_per_lock": "\(configuration.locks.ticketsPerLockMax)",
                "max_tickets": "\(configuration.locks.ticketsMax)",
                "max_connections": "\(connectionsMax)",
                "max_lifetime": "\(configuration.locks.maxLifetime)",
                "max_wait": "\(configuration.locks.maxWait)",
            ])
    }

    private static let moreDescriptors = "raise LimitNOFILE= of the service, or ulimit -Hn"

    /// What the descriptors are enough for; at least one connection.
    private static func connectionsMax(allowed: Int) throws(StartError) -> Int {
        let possible = DescriptorBudget.connectionsMax(allowed: allowed, open: DescriptorBudget.openCount())
        guard possible > 0 else {
            throw StartError(
                "\(allowed) file descriptors are too few for a single connection; \(moreDescriptors)",
                status: EX_OSERR)
        }
        return possible
    }

    /// What the descriptors are enough for, with a line that says so when that is less than is configured.
    private static func connectionsMax(
        _ configuration: Configuration, allowed: Int, _ logger: Logger
    ) throws(StartError) -> Int {
        let open = DescriptorBudget.openCount()
        let wanted = configuration.http.limits.connectionsMax
        let possible = try connectionsMax(allowed: allowed)
        guard possible < wanted else { return wanted }
        logger.warning(
            "http.max_connections lowered to \(possible): there are too few file descriptors; \(moreDescriptors)",
            metadata: [
                "http.max_connections": "\(wanted)", "allowed": "\(allowed)", "in_use": "\(open)",
                "reserved": "\(allowed - open - possible)",
            ])
        return possible
    }

    private func startWatchdog() throws(EventLoopError) {
        guard let interval = ServiceManager.watchdogInterval() else { return }
        let nanoseconds = interval.nanoseconds
        watchdog = try Alarm(on: loop) { [unowned self] in
            serviceManager.alive()
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

    private func handleSignals() throws(EventLoopError) {
        signals = [
            try Signal(SIGTERM, on: loop) { [unowned self] in onLoop { $0.shutDown("SIGTERM") } },
            try Signal(SIGINT, on: loop) { [unowned self] in onLoop { $0.shutDown("SIGINT") } },
            try Signal(SIGHUP, on: loop) { [unowned self] in onLoop { $0.reload() } },
        ]
        SignalMask.unblock()
    }

    /// Requests are logged at debug only: a line costs as much as a request.
    func logRequests() {
        let logger = logger
        let isWanted = log.level <= .debug
        api.onLoop { api in
            guard isWanted else { return api.setAccessLog(nil) }
            api.setAccessLog { access in
                var metadata: Logger.Metadata = [
                    "method": "\(access.method)", "target": "\(access.target)", "status": "\(access.status)",
                    "duration": "\(access.duration)", "outcome": "\(access.outcome)",
                ]
                if let id = access.conversationID { metadata["conversation_id"] = "\(id.string)" }
                if let ticket = access.ticket { metadata["ticket"] = "\(ticket)" }
                logger.debug("request", metadata: metadata)
            }
        }
    }
}
