package import EventLoop
import Glibc
package import HTTPServer

/// An HTTP server in this process, on a loop and thread of its own, at ports that the system chooses.
package struct TestServer: Sendable {
    package let loop: EventLoop
    package let server: HTTPServer
    /// Where it listens, in the order of its listeners.
    package let addresses: [String]

    /// Runs `body` with a server on the loop of `thread`; then `release` answers who is parked, and it stops.
    package static func with<Handler: RequestHandler, Value: Sendable>(
        on thread: LoopThread, limits: HTTPLimits = HTTPLimits(), at listeners: [Listener] = [],
        handler: Handler,
        release: (Handler) async -> Void, _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let listeners = try listeners.isEmpty ? [Listener.ip(host: "127.0.0.1", port: 0)] : listeners
        let server = HTTPServer(loop: thread.loop, limits: limits, handler: handler)
        try await server.start(at: listeners)
        let result: Result<Value, any Error>
        do {
            let started = TestServer(loop: thread.loop, server: server, addresses: listeners.map(\.address))
            result = .success(try await body(started))
        } catch {
            result = .failure(error)
        }
        await server.stopAccepting()
        await release(handler)
        // Callers that are still open may have half a request under way, so not until all is done.
        await server.drain(until: Alarm.now + 100_000_000)
        await server.stop()
        return try result.get()
    }

    /// A new caller of the first listener.
    package func connect() throws -> RawHTTPClient { try RawHTTPClient(addresses[0]) }

    /// Returns when so many connections are open.
    package func untilConnections(are count: Int) async throws {
        try await eventually("\(count) connections") { await server.counts.connections == count }
    }

    /// Returns when the loop sleeps: when it turns so seldom that nothing can be running again and again.
    package func untilIdle() async throws {
        try await eventually("a loop at rest") {
            let before = try await turnCount()
            try? await Task.sleep(for: .milliseconds(200))
            return try await turnCount() - before < 20
        }
    }

    private func turnCount() async throws -> UInt64 {
        try await loop.run { loop.turnTimes.counts.reduce(0, +) }
    }

    /// How many sockets of this process have the first listener's port as their own: the listener itself
    /// and the accepted ones.
    package func socketCount() throws -> Int {
        guard let port = addresses[0].split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw RawHTTPError("\(addresses[0]): no port")
        }
        return (0..<Int32(getdtablesize())).count { Self.port(of: $0) == port }
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        return UInt16(bigEndian: address.sin_port)
    }
}
