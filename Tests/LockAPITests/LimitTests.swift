import HTTPServer
import LockAPI
import LockStore
import Support
import Testing
import TicketLock

@Suite struct LimitTests {
    @Test("A queue takes its last ticket and refuses one more, until a place is free")
    func queueFull() async throws {
        var limits = LockLimits()
        limits.ticketsPerLockMax = 3
        try await TestService.with(limits) { service in
            let client = try service.connect()
            for _ in 0..<3 { try client.ticket() }
            let body = #"{"conversation_id":"ada"}"#
            for name in ["issue-ticket", "acquire"] {
                try expectProblem(try client.post(name, body), 429, "queue_full")
            }
            #expect(try client.queue() == [0, 1, 2])
            _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":1}"#)
            #expect(try client.ticket()["ticket"] == 3)
            try expectProblem(try client.post("issue-ticket", body), 429, "queue_full")
        }
    }

    @Test("The last lock is made and one more refused, until one is empty, which then makes room")
    func tooManyLocks() async throws {
        var limits = LockLimits()
        limits.locksMax = 3
        try await TestService.with(limits) { service in
            let client = try service.connect()
            for id in ["a", "b", "c"] { try client.ticket(id) }
            let body = #"{"conversation_id":"d"}"#
            let before = try client.listing()
            for name in ["issue-ticket", "acquire"] {
                try expectProblem(try client.post(name, body), 429, "too_many_locks")
            }
            try expectProblem(try client.call("PUT", "/v1/lock", body), 429, "too_many_locks")
            #expect(try client.listing() == before)
            #expect(try client.ticket("a")["ticket"] == 1)
            _ = try client.post("finish-serving", #"{"conversation_id":"b","ticket":0}"#)
            #expect(try client.ticket("d")["ticket"] == 0)
            try expectProblem(try client.get("/v1/lock?conversation_id=b"), 404, "lock_not_found")
        }
    }

    @Test("The last ticket of all queues together is issued, and one more refused until one is gone")
    func tooManyTickets() async throws {
        var limits = LockLimits()
        limits.ticketsMax = 3
        try await TestService.with(limits) { service in
            let client = try service.connect()
            for id in ["a", "b", "b"] { try client.ticket(id) }
            let before = try client.listing()
            for name in ["issue-ticket", "acquire"] {
                for id in ["a", "c"] {
                    let answer = try client.post(name, #"{"conversation_id":"\#(id)"}"#)
                    try expectProblem(answer, 429, "too_many_tickets")
                }
            }
            #expect(try client.listing() == before)
            #expect(try client.call("PUT", "/v1/lock", #"{"conversation_id":"c"}"#).status == 201)
            _ = try client.post("finish-serving", #"{"conversation_id":"b","ticket":0}"#)
            #expect(try client.ticket("c")["ticket"] == 0)
        }
    }

    @Test("The limits for IDs, lifetimes and timeouts are those of the configuration")
    func configured() async throws {
        var limits = LockLimits()
        limits.conversationIDBytesMax = 3
        limits.maxLifetime = .seconds(10)
        limits.defaultLifetime = .seconds(5)
        limits.maxWait = .milliseconds(1_500)
        limits.idempotencyKeyBytesMax = 2
        try await TestService.with(limits) { service in
            let client = try service.connect()
            #expect(try client.ticket("abc")["expires_in"] == 5)
            func refused(_ body: String, _ field: String) throws {
                try expectProblem(try client.post("acquire", body), 400, "invalid_\(field)", field: field)
            }
            try refused(#"{"conversation_id":"abcd"}"#, "conversation_id")
            try refused(#"{"conversation_id":"a","lifetime":10.001}"#, "lifetime")
            try refused(#"{"conversation_id":"a","timeout":1.501}"#, "timeout")
            let good = try client.post(
                "acquire", #"{"conversation_id":"a","lifetime":10,"timeout":1.5}"#, key: "kk")
            #expect(good.status == 201)
            let longKey = try client.post("acquire", #"{"conversation_id":"b"}"#, key: "kkk")
            try expectProblem(longKey, 400, "invalid_idempotency_key", field: "Idempotency-Key")
        }
    }

    @Test("Limits can be changed while the service runs, with those for bodies")
    func changed() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            var limits = LockLimits()
            limits.ticketsPerLockMax = 1
            await service.api.setLimits(
                limits, bodyBytesMax: 100_000, hostRules: HostRules(allowed: []))
            await service.http.server.setBodyBytesMax(100_000)
            try client.ticket()
            try expectProblem(
                try client.post("issue-ticket", #"{"conversation_id":"ada"}"#), 429, "queue_full")
            let large = "{\"conversation_id\":\"bob\"\(String(repeating: " ", count: 99_900))}"
            #expect(try client.post("issue-ticket", large).status == 201)
        }
    }

    @Test("A body of exactly http.max_body_bytes is read, and one byte more is refused")
    func bodyLimit() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            func body(_ length: Int) -> String {
                let start = "{\"conversation_id\":\"ada\""
                return start + String(repeating: " ", count: length - start.utf8.count - 1) + "}"
            }
            #expect(try client.post("issue-ticket", body(16_384)).status == 201)
            let response = try client.post("issue-ticket", body(16_385))
            try expectProblem(response, 413, "body_too_large")
            #expect(response.closesConnection)
            #expect(try service.connect().queue() == [0])
        }
    }

    @Test("What never becomes a request is refused with the same kind of problem")
    func belowRequests() async throws {
        var http = HTTPLimits()
        http.connectionsMax = 1
        try await TestService.with(http: http) { service in
            let long = String(repeating: "x", count: 20_000)
            let requests = [
                ("GET /\r\n\r\n", 400, "invalid_request"),
                ("GET / HTTP/2.0\r\n\r\n", 505, "http_version_not_supported"),
                ("GET /\(long)", 414, "target_too_long"),
                ("GET / HTTP/1.1\r\nX: \(long)", 431, "headers_too_large"),
            ]
            for (text, status, code) in requests {
                let client = try service.connect()
                try client.send(text)
                try expectProblem(try client.response(), status, code)
                client.close()
                try await service.http.untilConnections(are: 0)
            }
        }
    }
}
