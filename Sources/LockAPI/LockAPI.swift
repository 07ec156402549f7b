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
    /// Sees every answer as it leaves; for tests.
    package var onResponse: ((Request, Response) -> Void)?
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

    // MARK: Requests

    package nonisolated func received(_ request: Request) {
        onLoop(request) { api, request in api.begin(request) }
    }

    private func begin(_ request: Request) {
        let start = now()
        clock.adjust(now: start)
        let routed = RoutedRequest(request)
        let access = accessLog == nil ? nil : AccessedRequest(request)
        let exchange = Exchange(request, at: routed.endpoint, start: start, access, api: self)
        named = nil
        do throws(Problem) {
            let call = try parse(routed)
            access?.named = named
            perform(call, exchange)
        } catch {
            access?.named = named
            end(exchange, with: answer(error))
        }
        guard !exchange.isAnswered else { return }
        exchange.isParked = true
        request.park(exchange)
    }

    /// The one place where what was asked for is done.
    private func perform(_ call: APICall, _ exchange: Exchange) {
        switch call {
        case .lock(let call):
            exchange.call = call
            if breakLog != nil, case .deleteLock = call.operation { exchange.peer = exchange.request.peer }
            store.perform(call, exchange)
        case .health: end(exchange, with: answer { $0.field("status", "ok") })
        case .readiness: startTask { api in api.end(exchange, with: await api.readiness()) }
        case .version: end(exchange, with: version())
        case .metrics: startTask { api in api.end(exchange, with: await api.metricsPage()) }
        case .openAPI: end(exchange, with: openAPI())
        case .index: end(exchange, with: index())
        case .options(let allow):
            end(exchange, with: Response(status: 200, contentType: .text, body: [], allow: allow))
        }
    }

    /// Answers a request with what the store has answered.
    func end(_ exchange: Exchange, _ answer: CallAnswer) {
        guard let call = exchange.call else { preconditionFailure("nothing was asked of the store") }
        switch answer {
        case .success(let decided):
            // What says that a ticket is alive is true when it leaves.
            let outcome = hasExpired(decided) ? .refused(.gone(.expired)) : decided
            if let peer = exchange.peer, case .deleted(let tickets?) = outcome {
                breakLog?(call.id, tickets, peer)
            }
            exchange.withdrawal = call.withdrawal(of: outcome)
            end(exchange, with: response(to: call, outcome))
        case .failure(let error): end(exchange, with: self.answer(Problem(error)))
        }
    }

    private func hasExpired(_ outcome: LockOutcome) -> Bool {
        if let expiry = outcome.ticketExpiry { expiry <= now() } else { false }
    }

    private func end(_ exchange: Exchange, with response: Response) {
        precondition(!exchange.isAnswered, "a request is answered once")
        exchange.isAnswered = true
        let request = exchange.request
        // No grant goes to a caller that has gone already.
        guard !(exchange.isParked || exchange.call?.operation.isAcquire == true) || !request.callerIsGone
        else {
            record(exchange, response, status: Self.hungUpStatus)
            request.abandon()
            return takeBack(exchange)
        }
        record(exchange, response, status: response.status)
        onResponse?(request, response)
        request.answer(with: response, tracedBy: exchange.withdrawal == nil ? nil : exchange)
    }

    package nonisolated func callerHungUp(on exchange: AnyObject) {
        let exchange = unsafeDowncast(exchange, to: Exchange.self)
        onLoop(exchange) { api, exchange in
            exchange.isAbandoned = true
            guard api.store.abandon(exchange) else { return }
            exchange.isAnswered = true
            api.record(exchange, nil, status: Self.hungUpStatus)
            exchange.request.abandon()
        }
    }

    package nonisolated func answerWasLost(_ exchange: AnyObject) {
        let exchange = unsafeDowncast(exchange, to: Exchange.self)
        onLoop(exchange) { api, exchange in api.takeBack(exchange) }
    }

    /// Nobody else is given the ticket of a caller that was not told of it. A store that cannot be reached now lets the
    /// ticket expire instead.
    private func takeBack(_ exchange: Exchange) {
        if let withdrawal = exchange.withdrawal { store.perform(withdrawal, nil) }
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

    private func record(_ exchange: Exchange, _ response: Response?, status: UInt16) {
        let nanoseconds = now().nanoseconds - exchange.start.nanoseconds
        metrics.record(exchange.endpoint, status: status, nanoseconds: nanoseconds)
        guard let access = exchange.access, let accessLog else { return }
        let told = response?.loggedValue("ticket").flatMap { TicketNumber($0) }
        let code = response?.loggedValue("code").map { String($0.filter { $0 != "\"" }) }
        accessLog(
            Access(
                method: access.method, target: access.target, status: status,
                duration: .nanoseconds(nanoseconds), conversationID: access.named?.conversationID,
                ticket: told ?? access.named?.ticket ?? exchange.waitedFor,
                outcome: status == Self.hungUpStatus ? "gave_up" : code ?? "ok"))
    }
}
