import EventLoop
import HTTPServer
import Support

/// Answers by the target: `/echo` with what it got, `/park/NAME` when NAME is released, and so on. Notes what
/// befalls its requests.
actor TestHandler: RequestHandler, LoopActor {
    nonisolated let loop: EventLoop
    /// What happened, in order: `parked a`, `hung up a`, `undelivered a`.
    private(set) var events: [String] = []
    private var parked: [String: Exchange] = [:]
    private var isReleasingAll = false

    /// A request under way.
    final class Exchange: @unchecked Sendable {
        let request: Request
        let name: String
        let isGrant: Bool
        /// It is answered when it is released, whether or not its caller is there.
        let isStubborn: Bool

        init(_ request: Request, _ name: String, isGrant: Bool, isStubborn: Bool) {
            self.request = request
            self.name = name
            self.isGrant = isGrant
            self.isStubborn = isStubborn
        }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) {
        self.loop = loop
    }

    var parkedCount: Int { parked.count }

    nonisolated func received(_ request: Request) {
        onLoop { $0.answer(request) }
    }

    private func answer(_ request: Request) {
        let target = String(decoding: request.target, as: UTF8.self)
        let words = target.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch words.first {
        case "park": park(Exchange(request, words[1], isGrant: false, isStubborn: false))
        case "stubborn": park(Exchange(request, words[1], isGrant: false, isStubborn: true))
        case "grant":
            let exchange = Exchange(request, words[1], isGrant: true, isStubborn: true)
            if words.count > 2 { park(exchange) } else { end(exchange) }
        case "big": request.answer(with: text(String(repeating: "x", count: Int(words[1]) ?? 0)))
        case "length": request.answer(with: text("\(request.body.count)"))
        default:
            request.answer(
                with: text("\(request.method) \(target) " + String(decoding: request.body, as: UTF8.self)))
        }
    }

    private func park(_ exchange: Exchange) {
        events.append("parked \(exchange.name)")
        guard !isReleasingAll else { return end(exchange) }
        parked[exchange.name] = exchange
        exchange.request.park(exchange)
    }

    private func end(_ exchange: Exchange) {
        let isGone = exchange.request.callerIsGone
        if isGone, exchange.isGrant { events.append("undelivered \(exchange.name)") }
        guard !isGone else { return exchange.request.abandon() }
        let answer = exchange.isGrant ? "granted" : "released"
        exchange.request.answer(
            with: text("\(answer) \(exchange.name)"), tracedBy: exchange.isGrant ? exchange : nil)
    }

    nonisolated func callerHungUp(on exchange: AnyObject) {
        let exchange = unsafeDowncast(exchange, to: Exchange.self)
        onLoop { handler in
            handler.events.append("hung up \(exchange.name)")
            if !exchange.isStubborn { handler.release(exchange.name) }
        }
    }

    nonisolated func answerWasLost(_ exchange: AnyObject) {
        let exchange = unsafeDowncast(exchange, to: Exchange.self)
        onLoop { $0.events.append("undelivered \(exchange.name)") }
    }

    nonisolated func body(for refusal: HTTPRefusal) -> [UInt8] {
        Array("{\"status\":\(refusal.status)}".utf8)
    }

    /// Lets the request parked under that name go on.
    func release(_ name: String) {
        if let exchange = parked.removeValue(forKey: name) { end(exchange) }
    }

    /// Lets every parked request go on, and those that would park.
    func releaseAll() {
        isReleasingAll = true
        for name in parked.keys { release(name) }
    }

    /// Stops the server in the same turn of the loop as the answers.
    func releaseAll(andThenStop server: HTTPServer) {
        releaseAll()
        server.onLoop { $0.stop() }
    }

    private func text(_ text: String) -> Response {
        Response(status: 200, contentType: .text, body: Array(text.utf8))
    }

    // MARK: For the tests

    /// Runs `body` with a server that this handler answers for.
    static func serving<Value: Sendable>(
        _ limits: HTTPLimits = HTTPLimits(), at listeners: [Listener] = [],
        _ body: (TestServer, TestHandler) async throws -> Value
    ) async throws -> Value {
        try await LoopThread.with { thread in
            let handler = TestHandler(loop: thread.loop)
            return try await TestServer.with(on: thread, limits: limits, at: listeners, handler: handler) {
                await $0.releaseAll()
            } _: {
                try await body($0, handler)
            }
        }
    }

    /// Returns when something has happened.
    nonisolated func until(_ event: String) async throws {
        try await eventually(event) { await events.contains(event) }
    }

    nonisolated func untilParked(_ count: Int) async throws {
        try await eventually("\(count) parked") { await parkedCount == count }
    }
}
