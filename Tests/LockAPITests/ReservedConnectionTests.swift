import HTTPServer
import Support
import Testing

/// Whoever holds a lock gets through to finish, however many wait.
@Suite struct ReservedConnectionTests {
    private func with(
        connections: Int, reserved: Int, _ body: (TestService) async throws -> Void
    ) async throws {
        var http = HTTPLimits()
        http.connectionsMax = connections
        http.connectionsReserved = reserved
        try await TestService.with(http: http, body)
    }

    private static let acquire = #"{"conversation_id":"ada","timeout":100}"#

    @Test(
        "A wait or acquire beyond the connections that may wait is 503 too_many_waiting, and nothing is changed"
    )
    func limit() async throws {
        try await with(connections: 6, reserved: 2) { service in
            let holder = try service.connect()
            let ticket = try holder.ticket()["ticket"]?.integer
            let waiting = try (0..<4).map { _ in try service.connect() }
            for client in waiting { try client.send("POST", "/v1/acquire", Self.acquire) }
            try await service.untilWaiters(are: 4)
            let before = try holder.queue()
            let beyond = try service.connect()
            try expectProblem(beyond.post("acquire", Self.acquire), 503, "too_many_waiting")
            try expectProblem(
                beyond.post("wait", #"{"conversation_id":"ada","ticket":1}"#), 503, "too_many_waiting")
            #expect(
                try beyond.post("wait", #"{"conversation_id":"ada","ticket":1,"timeout":0}"#).status == 200)
            #expect(try holder.queue() == before)
            // And one below the limit waits again.
            waiting[3].close()
            try await service.untilWaiters(are: 3)
            try beyond.send("POST", "/v1/acquire", Self.acquire)
            try await service.untilWaiters(are: 4)
            #expect(ticket == 0)
        }
    }

    @Test(
        "With every connection that may wait waiting, and the rest idle or half a request, finish-serving works"
    )
    func holderGetsThrough() async throws {
        try await with(connections: 6, reserved: 2) { service in
            _ = try service.connect().ticket()
            let waiting = try (0..<4).map { _ in try service.connect() }
            for client in waiting { try client.send("POST", "/v1/acquire", Self.acquire) }
            try await service.untilWaiters(are: 4)
            let others = try (0..<20).map { _ in try service.connect() }
            for (number, client) in others.enumerated() where number % 2 == 0 {
                _ = try client.sendIfOpen(Array("POST /v1/acq".utf8))
            }
            let holder = try service.connect()
            let done = try holder.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            #expect(done.status == 200)
            #expect(try waiting[0].response().status == 201)
        }
    }
}
