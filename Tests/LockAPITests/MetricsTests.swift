import Support
import Testing
import TicketLock

@Suite struct MetricsTests {
    /// The samples of /metrics by name and labels, the page's form checked.
    private func metrics(_ client: RawHTTPClient) throws -> [String: Double] {
        let response = try client.get("/metrics")
        #expect(response.status == 200)
        #expect(response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        var samples: [String: Double] = [:]
        for line in response.text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            let name = String(line[..<space])
            #expect(samples[name] == nil, "\(name) is there twice")
            let value: Double = try #require(Double(line[space...].dropFirst()))
            samples[name] = value
        }
        return samples
    }

    /// What `body` adds to the samples that tell of tickets.
    private func changes(
        _ service: TestService, _ client: RawHTTPClient, _ body: () async throws -> Void
    ) async throws -> [String: Double] {
        let before = try metrics(client)
        try await body()
        let after = try metrics(client)
        let prefix = "ticketlockd_"
        let names = ["tickets", "locks", "waiters", "retained_numbers", "idempotency_keys"]
        return after.reduce(into: [:]) { changes, sample in
            let name = String(sample.key.dropFirst(prefix.count))
            guard names.contains(where: { name.hasPrefix($0) }), sample.value != before[sample.key] else {
                return
            }
            changes[name] = sample.value - (before[sample.key] ?? 0)
        }
    }

    @Test("Each end of a ticket is counted under its own name, and what is there now is there")
    func tickets() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let other = try service.connect()
            func expect(_ expected: [String: Double], _ body: () async throws -> Void) async throws {
                #expect(try await changes(service, client, body) == expected)
            }
            try await expect(["tickets_issued_total": 3, "tickets": 3, "locks": 1]) {
                for _ in 0..<3 { try client.ticket() }
            }
            try await expect(["tickets_finished_total": 1, "tickets": -1]) {
                _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":2}"#)
            }
            try await expect([
                "tickets_expired_held_total": 1, "tickets_expired_waiting_total": 1, "tickets": -2,
            ]) {
                try await service.advance(by: .seconds(60))
            }
            try await expect(["locks": -1, "retained_numbers": 1]) {
                _ = try client.post("cleanup", #"{"conversation_id":"ada"}"#)
            }
            try await expect(["tickets_issued_total": 1, "tickets": 1, "locks": 1, "idempotency_keys": 1]) {
                for _ in 0..<2 {
                    _ = try client.post("issue-ticket", #"{"conversation_id":"bob"}"#, key: "k")
                }
            }
            try await expect(["tickets_issued_total": 1, "tickets": 1, "waiters": 1]) {
                try other.send("POST", "/v1/acquire", #"{"conversation_id":"bob","timeout":9}"#)
                try await service.untilWaiters(are: 1)
            }
            try await expect(["tickets_withdrawn_total": 1, "tickets": -1, "waiters": -1]) {
                try await service.advance(by: .seconds(9))
                _ = try other.response()
            }
            try await expect(
                [
                    "tickets_deleted_total": 1, "tickets": -1, "locks": -1, "idempotency_keys": -1,
                    "retained_numbers": 1,
                ]
            ) { _ = try client.call("DELETE", "/v1/lock?conversation_id=bob") }
        }
    }

    @Test("How long tickets waited and were held falls into the buckets of that length")
    func histograms() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            try await service.advance(by: .seconds(5))
            _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            let metrics = try metrics(client)
            for name in ["wait", "hold"] {
                let name = "ticketlockd_ticket_\(name)_seconds"
                #expect(metrics["\(name)_sum"] == 5)
                let counts = ["1.0", "5.0", "+Inf"].map { metrics["\(name)_bucket{le=\"\($0)\"}"] }
                // The first ticket was served at once; both were served, and one has ended.
                #expect(counts == (name.contains("wait") ? [1, 2, 2] : [0, 1, 1]))
                #expect(metrics["\(name)_count"] == counts[2])
            }
        }
    }

    @Test("Requests are counted by endpoint and status, and never by conversation")
    func requests() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try client.ticket("secret")
            _ = try client.post("issue-ticket", "{")
            for _ in 0..<2 { _ = try client.get("/nowhere/secret") }
            _ = try client.get("/v1/lock?conversation_id=secret")
            let metrics = try metrics(client)
            func count(_ endpoint: String, _ status: Int) -> Double? {
                metrics["ticketlockd_http_requests_total{endpoint=\"\(endpoint)\",status=\"\(status)\"}"]
            }
            #expect(count("/v1/issue-ticket", 201) == 1)
            #expect(count("/v1/issue-ticket", 400) == 1)
            #expect(count("other", 404) == 2)
            #expect(count("/v1/lock", 200) == 1)
            #expect(metrics["ticketlockd_http_request_seconds_count{endpoint=\"/v1/issue-ticket\"}"] == 2)
            #expect(metrics["ticketlockd_connections"] == 1)
            #expect(metrics["ticketlockd_requests_in_flight"] == 1)
            #expect(!metrics.keys.contains { $0.contains("secret") })
        }
    }
}
