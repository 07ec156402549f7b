package import EventLoop
package import HTTPServer
package import LockStore
package import TicketLock

/// The HTTP API, version 1: routes, JSON in and out, outcomes to statuses (design, section 4).
///
/// An actor on the event loop, like the server that calls it and the store it calls.
package actor LockAPI: RequestHandler, LoopActor {
    package nonisolated let loop: EventLoop
    let store: any LockStore
    var limits: LockLimits
    let build: BuildInformation
    var reader: RequestReader
    private(set) var hostRules: HostRules
    private(set) var clock: WallClock
    var metrics = RequestMetrics()
    package var reloads = ReloadMetrics()
    /// What answers are written with, one after the other.
    private var json = JSONWriter()
    let startTime: Double
    private let now: @Sendable () -> Instant
    /// What the request that is being read names, for the access log.
    var named: Named?
    private var accessLog: (@Sendable (Access) -> Void)?
    private(set) var breakLog: (@Sendable (ConversationID, [TicketNumber], _ by: String) -> Void)?
    weak var server: HTTPServer?
    var isShuttingDown = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - bodyBytesMax: the largest body the server will hand over.
    ///   - now: the clock the store goes by.
    package init(
        loop: EventLoop, store: any LockStore, limits: LockLimits, bodyBytesMax: Int,
        hostRules: HostRules = HostRules(allowed: []), build: BuildInformation,
        clock: WallClock = WallClock(), now: @escaping @Sendable () -> Instant
    ) {
        self.hostRules = hostRules
        self.loop = loop
        self.store = store
        self.limits = limits
        self.build = build
        self.clock = clock
        self.now = now
        reader = RequestReader(bodyBytesMax: bodyBytesMax)
        startTime = Double(WallClock.systemRealTime()) / 1e9
    }

    /// The server whose connections the metrics count.
    package func observe(_ server: HTTPServer) {
        self.server = server
    }

    /// Called for every answered request; nil: nobody, which costs nothing.
    package func setAccessLog(_ log: (@Sendable (Access) -> Void)?) {
        accessLog = log
    }

    /// Called for every lock that a request has broken, with the tickets that it held and where the request came from.
    package func setBreakLog(
        _ log: @escaping @Sendable (ConversationID, [TicketNumber], _ by: String) -> Void
    ) {
        breakLog = log
    }

    /// Takes other limits from now on.
    package func setLimits(_ limits: LockLimits, bodyBytesMax: Int, hostRules: HostRules) async {
        // First: what the store is not ready for is not allowed.
        await store.setLimits(limits)
        self.limits = limits
        self.hostRules = hostRules
        reader = RequestReader(bodyBytesMax: bodyBytesMax)
    }

    /// Answers /readyz with 503 from now on, and everything else as before.
    package func announceShutdown() { isShuttingDown = true }

    /// Answers /readyz with 503 and every parked request with its ticket from now on.
    package func shutDown() async {
        isShuttingDown = true
        await store.shutDown()
    }

    var present: Instant { now() }

    // MARK: RequestHandler

    package func respond(to request: Request) async -> Response {
        let start = now()
        clock.adjust(now: start)
        let routed = RoutedRequest(request)
        let access = accessLog == nil ? nil : AccessedRequest(request)
        named = nil
        let response: Response
        do throws(Problem) {
            let call = try parse(routed)
            access?.named = named
            response = await answer(call, from: breaker(call, request))
        } catch {
            access?.named = named
            response = answer(error)
        }
        record(response, routed.endpoint, since: start, access)
        return response
    }

    /// The one place where what was asked for is done.
    private func answer(_ call: APICall, from peer: String?) async -> Response {
        do throws(LockStoreError) {
            switch call {
            case .lock(let call):
                let outcome = try await store.perform(call)
                if let peer, case .deleted(let tickets?) = outcome { breakLog?(call.id, tickets, peer) }
                return response(to: call, outcome)
            case .health: return answer { $0.field("status", "ok") }
            case .readiness: return try await readiness()
            case .version: return version()
            case .metrics: return await metricsPage()
            case .openAPI: return openAPI()
            case .index: return index()
            case .options(let allow): return Response(status: 200, contentType: .text, body: [], allow: allow)
            }
        } catch {
            return answer(Problem(error))
        }
    }

    /// Where a request that breaks a lock comes from, if that is logged.
    private func breaker(_ call: APICall, _ request: Request) -> String? {
        guard breakLog != nil, case .lock(let call) = call, case .deleteLock = call.operation else {
            return nil
        }
        return request.peer
    }

    /// A JSON object as an answer.
    func answer(_ status: UInt16 = 200, _ write: (inout JSONWriter) -> Void) -> Response {
        Response(status: status, body: body(write))
    }

    func body(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        json.beginObject()
        write(&json)
        json.endObject()
        return json.take()
    }

    func answer(_ problem: Problem) -> Response { problem.response(clock, now: now()) }

    /// Counted and logged for a caller that hung up while it waited, as nginx does; never sent.
    private static let hungUpStatus: UInt16 = 499

    @inline(never)
    private func record(
        _ response: Response, _ endpoint: Endpoint?, since start: Instant, _ access: AccessedRequest?
    ) {
        let nanoseconds = now().nanoseconds - start.nanoseconds
        // What a caller that has hung up would have been told is told nobody.
        let status = Task.isCancelled ? Self.hungUpStatus : response.status
        metrics.record(endpoint, status: status, nanoseconds: nanoseconds)
        guard let access, let accessLog else { return }
        accessLog(
            Access(
                method: access.method, target: access.target, status: status,
                duration: .nanoseconds(nanoseconds), conversationID: access.named?.conversationID,
                ticket: response.loggedValue("ticket").flatMap { TicketNumber($0) } ?? access.named?.ticket,
                outcome: response.loggedValue("code").map { String($0.filter { $0 != "\"" }) } ?? "ok"))
    }
}
