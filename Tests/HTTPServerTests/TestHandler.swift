import EventLoop
import HTTPServer
import Support

/// Answers by the target: `/echo` with what it got, `/park/NAME` when NAME is released, and so on. Notes what
/// befalls its requests.
actor TestHandler: RequestHandler {
    nonisolated let loop: EventLoop
    /// What happened, in order: `parked a`, `cancelled a`, `undelivered a`.
    private(set) var events: [String] = []
    private var parked: [String: CheckedContinuation<Void, Never>] = [:]
    private var isReleasingAll = false
    private var unansweredCount = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) {
        self.loop = loop
    }

    var parkedCount: Int { parked.count }

    func respond(to request: Request) async -> Response {
        let target = String(decoding: request.target, as: UTF8.self)
        let words = target.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch words.first {
        case "park":
            // Gives up when it is cancelled, as a well-behaved handler does.
            await park(words[1], givesUp: true)
            return text("released \(words[1])")
        case "stubborn":
            await park(words[1], givesUp: false)
            return text("released \(words[1])")
        case "grant":
            if words.count > 2 { await park(words[1], givesUp: false) }
            return grant(words[1])
        case "big": return text(String(repeating: "x", count: Int(words[1]) ?? 0))
        case "length": return text("\(request.body.count)")
        default: return text("\(request.method) \(target) " + String(decoding: request.body, as: UTF8.self))
        }
    }

    nonisolated func body(for refusal: HTTPRefusal) -> [UInt8] {
        Array("{\"status\":\(refusal.status)}".utf8)
    }

    /// Lets the request parked under that name go on.
    func release(_ name: String) { parked.removeValue(forKey: name)?.resume() }

    /// Lets every parked request go on, and those that would park.
    func releaseAll() {
        isReleasingAll = true
        for name in parked.keys { release(name) }
    }

    /// Stops the server in the same turn of the loop as the answers.
    func releaseAll(andThenStop server: HTTPServer) async {
        releaseAll()
        // Comes back behind those just released, and before the turn's end, when answers are written.
        while unansweredCount > 0 { await Task.yield() }
        await server.stop()
    }

    private func park(_ name: String, givesUp: Bool) async {
        events.append("parked \(name)")
        guard !isReleasingAll else { return }
        unansweredCount += 1
        defer { unansweredCount -= 1 }
        await withTaskCancellationHandler {
            await withCheckedContinuation { parked[name] = $0 }
        } onCancel: {
            assumeIsolated { handler in
                handler.events.append("cancelled \(name)")
                if givesUp { handler.release(name) }
            }
        }
    }

    private func grant(_ name: String) -> Response { Grant(name, by: self) }

    private final class Grant: Response, @unchecked Sendable {
        private let name: String
        private let handler: TestHandler

        init(_ name: String, by handler: TestHandler) {
            self.name = name
            self.handler = handler
            super.init(
                status: 200, contentType: .text, body: Array("granted \(name)".utf8), delivery: .asked)
        }

        override func takeBack() {
            handler.assumeIsolated { [name] in $0.events.append("undelivered \(name)") }
        }
    }

    private nonisolated func text(_ text: String) -> Response {
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
