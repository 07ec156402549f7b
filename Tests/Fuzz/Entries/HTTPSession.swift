import CUV
import Glibc
import LockAPI
import LockStore
import Support
import TicketLock

@testable import EventLoop
@testable import HTTPServer

/// The whole way of a request: from bytes on a socket through libmicrohttpd, the API and the store in memory, to the
/// answer, turn by turn, on a clock that stands still.
///
/// `@unchecked Sendable`: used on the thread of the loop only, which is the caller's.
final class HTTPSession: @unchecked Sendable {
    /// Turns in which nothing happens before the daemon is taken to have done all.
    private static let quietTurns = 3
    /// Turns in which the daemon may be busy while no byte comes or goes.
    private static let busyTurnsMax = 300
    private static let turnsMax = 100_000

    private let loop: EventLoop
    private let clock: ManualClock
    private let server: HTTPServer
    private let handler: RecordingHandler
    private let path: String
    private let idle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
    private var steps: ArraySlice<HTTPPlan.Step>
    private var sending: ArraySlice<UInt8> = []
    private var callers: [HTTPCaller?] = [nil, nil, nil]
    private var caller = 0
    private var turns = 0
    private var quiet = 0
    private var busy = 0
    private var isEnding = false
    private var isStopped = false
    /// A caller has gone, or sends no more, and is not owed an answer.
    private var isSomebodyGone = false
    private var finding: (any Error)?

    static func run(_ input: UnsafeRawBufferPointer) throws {
        let folder = try StateFolderCopy(nil)
        defer { folder.remove() }
        let session = try HTTPSession(HTTPPlan(input), folder.path + "/socket")
        session.run()
        if let finding = session.finding { throw finding }
    }

    private init(_ plan: HTTPPlan, _ path: String) throws {
        steps = plan.steps[...]
        self.path = path
        let loop = try EventLoop()
        let clock = ManualClock(loop: loop)
        self.loop = loop
        self.clock = clock
        let limits = LockLimits()
        let store = InMemoryLockStore(loop: loop, time: clock, limits: limits, firstToken: 1000)
        let api = LockAPI(
            loop: loop, store: store, limits: limits, bodyBytesMax: HTTPLimits().bodyBytesMax,
            build: BuildInformation(version: "1.2.3", libmicrohttpd: HTTPServer.libraryVersion),
            clock: WallClock { 1_700_000_000_000_000_000 }, now: { clock.now() })
        handler = RecordingHandler(api: api)
        server = HTTPServer(loop: loop, limits: HTTPLimits(), handler: handler)
        loop.submit { [self] in
            store.onLoop { $0.start() }
            api.onLoop { api in
                api.observe(server)
                // It has the API itself.
                api.onResponse = { [unowned handler] in handler.record($0, $1) }
            }
            start()
        }
    }

    deinit { idle.deallocate() }

    private func run() { loop.run() }

    private func start() {
        // It never waits, so that each turn is ours.
        uv_idle_init(loop.uv, idle)
        uv_idle_start(idle, { _ in })
        attempt {
            let listener = try Listener.unix(path: path, mode: 0o600)
            var failure: (any Error)?
            server.onLoop { server in
                do { try server.start(at: [listener]) } catch { failure = error }
            }
            if let failure { throw failure }
            loop.beforeSleep { [self] in turn() }
        }
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            finding = finding ?? error
            stop()
        }
    }

    private func stop() {
        guard !isStopped else { return }
        isStopped = true
        // Requests may be parked after a finding, and then it must not be stopped; what it has is left to the process.
        if finding == nil { server.onLoop { $0.stop() } }
        uv_idle_stop(idle)
        UnsafeMutableRawPointer(idle).withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
            uv_close($0, nil)
        }
        loop.stop()
    }

    // MARK: A turn

    private func turn() {
        guard !isStopped else { return }
        attempt {
            turns += 1
            try Finding.unless(turns < Self.turnsMax, "\(turns) turns")
            var hasMoved = false
            for caller in callers {
                if caller?.receive() == true { hasMoved = true }
                try caller?.checkAnswers(isAll: false, take)
            }
            if !sending.isEmpty {
                let left = sending.count
                callers[caller]?.send(&sending)
                hasMoved = hasMoved || sending.count < left
            }
            try look(hasMoved)
        }
    }

    /// Goes on with the next step as soon as the last one is done.
    private func look(_ hasMoved: Bool) throws {
        let isReady = isReady
        busy = hasMoved || !isReady ? 0 : busy + 1
        quiet = hasMoved || isReady ? 0 : quiet + 1
        try Finding.unless(
            busy < Self.busyTurnsMax, "the daemon is busy for \(busy) turns, and no byte moves")
        // Behind a parked request nothing is read, so what does not fit its socket is not sent.
        if quiet >= Self.quietTurns { sending = [] }
        guard sending.isEmpty else { return }
        switch steps.first {
        case .settle where quiet < Self.quietTurns: return
        case nil where quiet < Self.quietTurns: return
        case nil: try isEnding ? end() : beginEnd()
        case let step?:
            steps = steps.dropFirst()
            quiet = 0
            try take(step)
        }
    }

    private func take(_ head: HTTPAnswer, _ rest: ArraySlice<UInt8>) -> Int? {
        handler.take(head, rest)
    }

    /// Whether the loop would not wait now.
    private var isReady: Bool {
        var poll = pollfd(fd: uv_backend_fd(loop.uv), events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    private func take(_ step: HTTPPlan.Step) throws {
        switch step {
        case .send(let bytes):
            if callers[caller] == nil { callers[caller] = try HTTPCaller(path) }
            sending = bytes[...]
            callers[caller]?.send(&sending)
        case .settle, .turn: break
        case .advance: clock.advance(by: .seconds(20))
        case .finishSending:
            if callers[caller] != nil { isSomebodyGone = true }
            callers[caller]?.finishSending()
        case .hangUp:
            if callers[caller] != nil { isSomebodyGone = true }
            callers[caller] = nil
        case .nextCaller: caller = (caller + 1) % callers.count
        }
    }

    // MARK: The end

    /// All has been sent, and the daemon has done what it has to do.
    private func beginEnd() throws {
        isEnding = true
        quiet = 0
        for caller in callers { try caller?.checkAnswers(isAll: true, take) }
        let unsent = handler.answers.count
        try Finding.unless(
            unsent == 0 || isSomebodyGone, "\(unsent) answers were given that have not been written")
        callers = [nil, nil, nil]
    }

    /// The callers have gone.
    private func end() throws {
        var counts = (connections: 0, requests: 0)
        server.onLoop { counts = $0.counts }
        try Finding.unless(counts == (0, 0), "all callers have gone, and \(counts) are left")
        stop()
    }
}
