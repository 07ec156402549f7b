import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Metrics", .enabled(if: hasPythonEnvironment, pythonIsMissing))
    struct Metrics {
        @Test("A Prometheus client reads /metrics, and the counters are what was done")
        func counters() async throws {
            try await RunningDaemon.with { daemon in
                try await work(at: daemon)
                let page = try await daemon.get("/metrics")
                #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                let samples = try await parsed(page.text)
                let expected: [String: Double] = [
                    "tickets_issued_total": 6, "tickets_finished_total": 2, "tickets_expired_held_total": 1,
                    "tickets_expired_waiting_total": 1, "tickets_withdrawn_total": 1,
                    "tickets_deleted_total": 1,
                    "locks": 1, "tickets": 0, "waiters": 0, "retained_numbers": 1, "idempotency_keys": 0,
                    "ticket_wait_seconds_count": 4, "ticket_hold_seconds_count": 4,
                    "http_requests_total{endpoint=/v1/issue-ticket,status=201}": 3,
                    "http_requests_total{endpoint=/v1/issue-ticket,status=400}": 1,
                    "http_requests_total{endpoint=/v1/acquire,status=201}": 2,
                    "http_requests_total{endpoint=/v1/acquire,status=423}": 1,
                    "http_requests_total{endpoint=/v1/finish-serving,status=200}": 2,
                    "http_requests_total{endpoint=other,status=404}": 1,
                    "http_request_seconds_count{endpoint=/v1/issue-ticket}": 4,
                ]
                for (name, value) in expected {
                    #expect(samples["ticketlockd_" + name] == value, "\(name)")
                }
            }
        }

        @Test("Process, build and loop are told of, with plausible numbers")
        func process() async throws {
            try await RunningDaemon.with { daemon in
                let version: String = try await daemon.get("/version").member("version")
                let library: String = try await daemon.get("/version").member("libmicrohttpd")
                let samples = try await parsed(try await daemon.get("/metrics").text)
                let threads = try daemon.status("Threads")
                #expect(samples["process_threads"] == Double(threads))
                let memory = Double(try daemon.status("VmRSS") * 1024)
                #expect(abs((samples["process_resident_memory_bytes"] ?? 0) - memory) < memory / 2)
                let start = try #require(samples["process_start_time_seconds"])
                #expect(abs(start - Date().timeIntervalSince1970) < 60)
                #expect(samples["ticketlockd_build_info{libmicrohttpd=\(library),version=\(version)}"] == 1)
                #expect((samples["ticketlockd_loop_lag_seconds_count"] ?? 0) > 0)
                #expect((samples["process_open_fds"] ?? 0) > 3)
                #expect((samples["process_cpu_seconds_total"] ?? 0) > 0)
                #expect(samples["ticketlockd_connections"] == 1)
                #expect(samples["ticketlockd_requests_in_flight"] == 1)
            }
        }
    }
}

/// One of everything that a ticket can come to.
private func work(at daemon: RunningDaemon) async throws {
    let connection = try Connection(daemon)
    func post(_ path: String, _ body: String, _ status: Int) async throws {
        let reply = try await connection.request("POST", path, body)
        #expect(reply.status == status, "\(path) \(body): \(reply.text)")
    }
    // Conversation a: held until it expires; the one behind it before that; one withdrawn; one finished.
    try await post("/v1/acquire", #"{"conversation_id":"a"}"#, 201)
    try await post("/v1/issue-ticket", #"{"conversation_id":"a","lifetime":0.01}"#, 201)
    try await post("/v1/acquire", #"{"conversation_id":"a","timeout":0.05}"#, 423)
    try await post("/v1/extend", #"{"conversation_id":"a","ticket":0,"lifetime":0.01}"#, 200)
    try await post("/v1/acquire", #"{"conversation_id":"a"}"#, 201)
    try await post("/v1/finish-serving", #"{"conversation_id":"a","ticket":3}"#, 200)
    // Conversation b: one finished, one deleted with its lock.
    try await post("/v1/issue-ticket", #"{"conversation_id":"b"}"#, 201)
    try await post("/v1/finish-serving", #"{"conversation_id":"b","ticket":0}"#, 200)
    try await post("/v1/issue-ticket", #"{"conversation_id":"b"}"#, 201)
    let deleted = try await connection.request("DELETE", "/v1/lock?conversation_id=b")
    #expect(deleted.status == 200)
    try await post("/v1/issue-ticket", #"{"conversation_id":""}"#, 400)
    try await post("/v1/nothing", "{}", 404)
    connection.close()
}

/// The samples of a page as prometheus_client's parser reads it, by `name{label=value,...}`.
private func parsed(_ page: String) async throws -> [String: Double] {
    let script = """
        import json, sys
        from prometheus_client.parser import text_string_to_metric_families
        samples = {}
        for family in text_string_to_metric_families(sys.stdin.read()):
            assert family.type != "unknown" and family.documentation, family.name
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                name = sample.name + ("{" + labels + "}" if labels else "")
                assert name not in samples, name
                if "le=" not in labels: samples[name] = sample.value
        print(json.dumps(samples))
        """
    let result = try await Command.run(pythonEnvironment, ["-c", script], input: page)
    try #require(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode([String: Double].self, from: Data(result.output.utf8))
}
