import CHTTP
package import EventLoop
import Glibc

/// Takes HTTP/1.1 requests at its listeners and has them answered by a ``RequestHandler``, on the event loop.
///
/// An answer that the handler gives at once leaves in the callback that has brought the request; else the connection
/// is parked until it answers.
package actor HTTPServer: LoopActor {
    /// Connections taken from a listener before others get their turn.
    private static let acceptsPerTurnMax: Int32 = 64
    /// How often a shard runs again at once before the loop looks at everything else.
    private static let runsPerTurnMax = 4
    /// How long a listener rests when no descriptor is left for another connection.
    private static let exhaustedRestNanoseconds: Int64 = 100_000_000

    package nonisolated let loop: EventLoop
    nonisolated let handler: any RequestHandler
    private var limits: HTTPLimits
    private var server: OpaquePointer?
    private var listeners: [(listener: Listener, watch: Watch)] = []
    private var shardWatches: [Watch] = []
    /// When each shard wants to run though nothing is readable there; `.max` for never.
    private var shardTimeouts: [Int64] = []
    private var hangUpWatch: Watch?
    private var alarm: Alarm?
    private var restingUntil: Int64?
    private var refusalBodies: [HTTPRefusal: UnsafeRawBufferPointer] = [:]
    /// Answers to what never became a request, by status.
    package private(set) var refusalCounts: [UInt16: UInt64] = [:]
    private var isDraining = false
    private var whenDrained: (() -> Void)?
    /// Called when connections cannot be accepted for want of descriptors or memory.
    private var onExhaustion: () -> Void = {}

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    package init(loop: EventLoop, limits: HTTPLimits, handler: any RequestHandler) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
    }

    /// Whether the loaded libmicrohttpd lets the project's answers stand for its own refusals.
    package static var answersAllRefusals: Bool { chttp_library_hooks_work() != 0 }

    /// The version of libmicrohttpd that is loaded.
    package static var libraryVersion: String { String(cString: chttp_library_version()) }

    // MARK: Life

    /// Begins to serve at the listeners, which are the server's from now on. Once.
    package func start(
        at listeners: [Listener], onExhaustion: @escaping @Sendable () -> Void = {}
    ) throws {
        self.onExhaustion = onExhaustion
        let limits = chttp_limits(
            connections_max: UInt32(self.limits.connectionsMax),
            connections_reserved: UInt32(
                min(self.limits.connectionsReserved, self.limits.connectionsMax - 1)),
            lingering_max: UInt32(min(self.limits.lingeringMax, Int(CHTTP_LINGERING_MAX))),
            connections_per_address_max: UInt32(self.limits.connectionsPerAddressMax),
            idle_timeout_seconds: UInt32(self.limits.idleTimeout.components.seconds),
            request_timeout_milliseconds: UInt32(self.limits.requestTimeout / .milliseconds(1)),
            header_bytes_max: self.limits.headerBytesMax, body_bytes_max: self.limits.bodyBytesMax)
        // The callbacks come only while the server lives, which `stop()` ends before the actor goes.
        let callbacks = chttp_callbacks(
            context: Unmanaged.passUnretained(self).toOpaque(), request: requestArrived,
            hung_up: callerHungUp,
            finished: requestFinished, refusal: refusalBody)
        guard let server = chttp_server_start(limits, callbacks) else {
            throw HTTPServerError(
                .system, "cannot start the HTTP server: \(String(cString: strerror(errno)))")
        }
        self.server = server
        alarm = try Alarm(on: loop) { [unowned self] in onLoop { $0.alarmWentOff() } }
        hangUpWatch = try Watch(chttp_hang_up_fd(server), on: loop) { chttp_hang_ups(server) }
        try watchNewShards()
        loop.beforeSleep { [weak self] in self?.onLoop(()) { server, _ in server.runPending() } }
        for listener in listeners {
            let descriptor = listener.descriptor
            let watch = try Watch(descriptor, on: loop) { [unowned self] in
                onLoop { $0.accept(from: descriptor) }
            }
            self.listeners.append((listener, watch))
        }
    }

    /// Accepts no more connections; those that wait to be accepted are taken first. Those there are go on to their next
    /// answers, which close them.
    package func stopAccepting() {
        for (listener, watch) in listeners {
            acceptAll(from: listener.descriptor)
            watch.stop()
            listener.close()
        }
        listeners = []
        // Those that were accepted last have sent their requests, but nobody has read them yet.
        for shard in shardWatches.indices { run(UInt32(shard)) }
        if let server { chttp_drain(server) }
    }

    /// Lets what is in flight finish: returns when no request is parked or its answer being written, or when
    /// `deadline` passes (in nanoseconds of ``Alarm/now``). Requests that are not whole by then are answered 503.
    package func drain(until deadline: Int64) async {
        isDraining = true
        if let server { chttp_drain(server) }
        await withCheckedContinuation { continuation in
            whenDrained = { continuation.resume() }
            wake(at: deadline)
            drainDeadline = deadline
            noteDrained()
        }
    }
    private var drainDeadline = Int64.max

    /// Ends every connection. The parked requests must have been answered.
    package func stop() {
        stopAccepting()
        for watch in shardWatches { watch.stop() }
        hangUpWatch?.stop()
        alarm?.stop()
        if let server { chttp_server_stop(server) }
        server = nil
        for body in refusalBodies.values { body.deallocate() }
        refusalBodies = [:]
    }

    /// Open connections, and whole requests: parked, or their answers being written.
    package var counts: (connections: Int, requests: Int) {
        guard let server else { return (0, 0) }
        return (Int(chttp_connection_count(server)), Int(chttp_request_count(server)))
    }

    /// Takes another limit for bodies from now on; the other limits hold for the server's life.
    package func setBodyBytesMax(_ bodyBytesMax: Int) {
        limits.bodyBytesMax = bodyBytesMax
        if let server { chttp_set_body_bytes_max(server, bodyBytesMax) }
    }

    /// The answer to what never became a request, which is counted.
    func body(for refusal: HTTPRefusal) -> UnsafeRawBufferPointer {
        refusalCounts[refusal.status, default: 0] += 1
        if let body = refusalBodies[refusal] { return body }
        let bytes = handler.body(for: refusal)
        let body = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        body.copyBytes(from: bytes)
        let kept = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(body)[..<bytes.count])
        refusalBodies[refusal] = kept
        return kept
    }

    // MARK: Connections

    /// Returns whether more may be waiting.
    @discardableResult
    private func accept(from descriptor: Int32) -> Bool {
        guard let server else { return false }
        let accepted = chttp_accept(server, descriptor, Self.acceptsPerTurnMax)
        do {
            try watchNewShards()
        } catch {
            onExhaustion()
        }
        guard accepted == CHTTP_ACCEPT_EXHAUSTED else { return accepted == Self.acceptsPerTurnMax }
        onExhaustion()
        for (_, watch) in listeners { watch.pause() }
        let due = Alarm.now + Self.exhaustedRestNanoseconds
        restingUntil = due
        wake(at: due)
        return false
    }

    /// The kernel holds no more than a backlog of them; who comes meanwhile is for the next daemon.
    private func acceptAll(from descriptor: Int32) {
        for _ in 0...Int(Listener.backlog / Self.acceptsPerTurnMax) where !accept(from: descriptor) { return }
    }

    private func watchNewShards() throws(EventLoopError) {
        guard let server else { return }
        for shard in UInt32(shardWatches.count)..<chttp_shard_count(server) {
            let watch = try Watch(chttp_shard_fd(server, shard), on: loop) { [unowned self] in
                onLoop(shard) { $0.run($1) }
            }
            shardWatches.append(watch)
            shardTimeouts.append(.max)
        }
    }

    private func run(_ shard: UInt32) {
        guard let server else { return }
        for _ in 0..<Self.runsPerTurnMax {
            let milliseconds = chttp_run(server, shard)
            if milliseconds == 0 { continue }
            shardTimeouts[Int(shard)] = .max
            if milliseconds > 0 { setTimeout(of: shard, at: Alarm.now + milliseconds * 1_000_000) }
            return
        }
        setTimeout(of: shard, at: 0)
    }

    private func setTimeout(of shard: UInt32, at due: Int64) {
        shardTimeouts[Int(shard)] = due
        wake(at: due)
    }

    /// Lets the shards run whose parked requests were answered in this turn.
    private func runPending() {
        guard let server else { return }
        while true {
            let shard = chttp_next_pending_shard(server)
            guard shard >= 0 else { break }
            run(UInt32(shard))
        }
        if isDraining { noteDrained() }
    }

    private func noteDrained() {
        guard let whenDrained, counts.requests == 0 || Alarm.now >= drainDeadline else { return }
        self.whenDrained = nil
        if let server { chttp_end_unfinished(server) }
        whenDrained()
    }

    /// Makes sure that the alarm goes off at `due` or before; too early does no harm.
    private func wake(at due: Int64) {
        guard let alarm, due < alarm.due ?? .max else { return }
        alarm.set(due)
    }

    private func alarmWentOff() {
        let now = Alarm.now
        if let restingUntil, restingUntil <= now {
            self.restingUntil = nil
            for (_, watch) in listeners { watch.resume() }
        }
        for shard in shardTimeouts.indices where shardTimeouts[shard] <= now { run(UInt32(shard)) }
        let next = min(
            shardTimeouts.min() ?? .max, restingUntil ?? .max, whenDrained == nil ? .max : drainDeadline)
        if next < .max { wake(at: next) }
    }
}
