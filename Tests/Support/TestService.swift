import EventLoop
package import HTTPServer
package import LockAPI
package import LockStore
package import TicketLock

/// The whole service in this process, without the daemon around it: HTTP, API and store on one loop, on a
/// clock that stands still until it is advanced.
package struct TestService: Sendable {
    /// What the wall clock shows at the start: 2023-11-14T22:13:20Z.
    package static let startTime: Double = 1_700_000_000
    /// The first ticket's fencing token; each that follows is one more.
    package static let firstToken: FencingToken = 1000

    package let http: TestServer
    package let api: LockAPI
    package let store: InMemoryLockStore
    private let clock: ManualClock

    package static func with<Value: Sendable>(
        _ limits: LockLimits = LockLimits(), http: HTTPLimits = HTTPLimits(),
        _ body: (TestService) async throws -> Value
    ) async throws -> Value {
        try await LoopThread.with { thread in
            let clock = ManualClock(loop: thread.loop)
            let start = clock.now()
            let store = InMemoryLockStore(
                loop: thread.loop, time: clock, limits: limits, firstToken: firstToken)
            await store.start()
            let api = LockAPI(
                loop: thread.loop, store: store, limits: limits, bodyBytesMax: http.bodyBytesMax,
                build: BuildInformation(version: "1.2.3", libmicrohttpd: HTTPServer.libraryVersion),
                clock: WallClock { Int64(startTime) * 1_000_000_000 + (clock.now() - start).nanoseconds },
                now: { clock.now() })
            return try await TestServer.with(on: thread, limits: http, handler: api) {
                await $0.shutDown()
            } _: { server in
                await api.observe(server.server)
                return try await body(TestService(http: server, api: api, store: store, clock: clock))
            }
        }
    }

    /// A new caller.
    package func connect() throws -> RawHTTPClient { try http.connect() }

    /// Lets time pass.
    package func advance(by span: Duration) async throws {
        try await http.loop.run { clock.advance(by: span) }
    }

    /// Returns when so many callers of wait and acquire are parked.
    package func untilWaiters(are count: Int) async throws {
        try await eventually("\(count) waiters") { await store.statistics().waiterCount == count }
    }
}
