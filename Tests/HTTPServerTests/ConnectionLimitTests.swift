import HTTPServer
import Support
import Testing

@Suite struct ConnectionLimitTests {
    private func expectServed(_ client: RawHTTPClient) throws {
        try client.sendRequest("GET", "/echo")
        #expect(try client.response().status == 200)
    }

    /// It hears so when it has sent something, so that no client takes it for the answer to nothing.
    private func expectRefused(_ client: RawHTTPClient, hasSent: Bool = false) throws {
        if !hasSent { try client.sendRequest("GET", "/echo") }
        let response = try client.response()
        #expect(response.status == 503)
        #expect(response.isProblem)
        #expect(response.header("retry-after") == "1")
        #expect(try response.json == ["status": 503])
        #expect(response.closesConnection)
        #expect(try client.end() == .closed)
    }

    private func park(_ names: [String], _ server: TestServer, _ handler: TestHandler) async throws
        -> [RawHTTPClient]
    {
        var clients: [RawHTTPClient] = []
        for name in names {
            clients.append(try server.connect())
            try clients.last?.sendRequest("GET", "/park/\(name)")
            try await handler.until("parked \(name)")
        }
        return clients
    }

    @Test(
        "When all connections are busy one more is answered 503, and there is a place again when one has closed"
    )
    func connectionsMax() async throws {
        var limits = HTTPLimits()
        limits.connectionsMax = 3
        try await TestHandler.serving(limits) { server, handler in
            let clients = try await park(["a", "b", "c"], server, handler)
            for _ in 0..<3 { try expectRefused(try server.connect()) }
            #expect(await server.server.counts.connections == 3)
            clients[1].close()
            try await server.untilConnections(are: 2)
            try expectServed(try server.connect())
            await handler.release("a")
            #expect(try clients[0].response().text == "released a")
        }
    }

    @Test("The connection that has been idle for longest makes place for a new one, and no busy one does")
    func longestIdle() async throws {
        var limits = HTTPLimits()
        limits.connectionsMax = 4
        try await TestHandler.serving(limits) { server, handler in
            let parked = try await park(["a"], server, handler)
            let idle = try (0..<3).map { _ in try server.connect() }
            for client in idle { try expectServed(client) }
            try expectServed(idle[0])
            let new = try (0..<2).map { _ in try server.connect() }
            for client in new { try expectServed(client) }
            #expect(try idle[1].end() == .closed)
            #expect(try idle[2].end() == .closed)
            for client in new + [idle[0]] { try expectServed(client) }
            await handler.release("a")
            #expect(try parked[0].response().text == "released a")
        }
    }

    @Test("Two hundred callers at once beyond the limit all hear that it is one")
    func manyRefused() async throws {
        var limits = HTTPLimits()
        limits.connectionsMax = 1
        try await TestHandler.serving(limits) { server, handler in
            let parked = try await park(["a"], server, handler)
            let clients = try (0..<200).map { _ in
                let client = try server.connect()
                try client.sendRequest("GET", "/echo")
                return client
            }
            for client in clients { try expectRefused(client, hasSent: true) }
            await handler.release("a")
            #expect(try parked[0].response().text == "released a")
        }
    }

    @Test(
        "One address over its limit is refused, others and Unix sockets are not, and it has room again later")
    func connectionsPerAddress() async throws {
        var limits = HTTPLimits()
        limits.connectionsPerAddressMax = 2
        let path = "/tmp/t\(UInt64.random(in: 0 ... .max)).sock"
        let listeners = [
            try Listener.ip(host: "127.0.0.1", port: 0), try .ip(host: "::1", port: 0),
            try .unix(path: path, mode: 0o600),
        ]
        try await TestHandler.serving(limits, at: listeners) { server, _ in
            var clients = try (0..<2).map { _ in try server.connect() }
            for client in clients { try expectServed(client) }
            try expectRefused(try server.connect())
            for _ in 0..<2 { clients.append(try RawHTTPClient(server.addresses[1])) }
            for _ in 0..<5 { clients.append(try RawHTTPClient(server.addresses[2])) }
            for client in clients { try expectServed(client) }
            try expectRefused(try RawHTTPClient(server.addresses[1]))
            clients.removeFirst()
            try await server.untilConnections(are: 8)
            try expectServed(try server.connect())
        }
    }

    @Test("Without a limit for an address, one address may have any number of connections")
    func noAddressLimit() async throws {
        try await TestHandler.serving { server, _ in
            let clients = try (0..<50).map { _ in try server.connect() }
            for client in clients { try expectServed(client) }
        }
    }

    @Test("A connection is closed when it has been idle for idle_timeout; one with a parked request is not")
    func idleTimeout() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .seconds(1)
        try await TestHandler.serving(limits) { server, handler in
            let parked = try server.connect()
            try parked.sendRequest("GET", "/park/a")
            try await handler.until("parked a")
            let start = ContinuousClock.now
            let idle = try server.connect()
            let used = try server.connect()
            try expectServed(used)
            for client in [idle, used] { #expect(try client.end() == .closed) }
            let passed = ContinuousClock.now - start
            #expect(passed > .milliseconds(900) && passed < .seconds(8), "\(passed)")
            #expect(await server.server.counts.connections == 1)
            await handler.release("a")
            #expect(try parked.response().text == "released a")
            try expectServed(parked)
        }
    }

    @Test("A connection whose caller has said its last word ends within a second or so, not by idle_timeout")
    func endsAfterHalfClose() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            // In one packet with the end, so that both arrive at once.
            let partial = try server.connect()
            try await server.loop.run {
                // While the loop is here, it reads nothing.
                try client.sendRequest("GET", "/echo")
                client.finishSending()
                try partial.send("GET /echo HTTP/1.1\r\n")
                partial.close()
            }
            #expect(try client.response().status == 200)
            #expect(try client.end() == .closed)
            try await server.untilConnections(are: 0)
        }
    }
}
