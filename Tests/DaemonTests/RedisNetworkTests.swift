import Support
import Testing

extension DaemonSuite {
    @Suite("With a Redis that the network does not always reach")
    struct WithRedisOutOfReach {
        @Test("A cut is told in time; what was sent into it is safe to repeat; who waits is answered")
        func cut() async throws {
            try await RunningRedis.with { redis in
                try await TCPRelay.with(to: redis.port) { relay in
                    let settings = [
                        "store.type=redis", "redis.host=127.0.0.1", "redis.port=\(relay.port)",
                        "redis.socket_timeout=1",
                    ]
                    let arguments = ["--listen", "127.0.0.1:0"] + settings.flatMap { ["--set", $0] }
                    try await RunningDaemon.with(arguments) { daemon in
                        _ = try await daemon.line(with: "Redis is ready")
                        #expect(try await issue(at: daemon, key: "first").ticket == 0)
                        let waiter = try await daemon.parked(
                            "/v1/acquire", #"{"conversation_id":"ada","timeout":100}"#)

                        relay.cut()
                        let unknown = try await issue(at: daemon, key: "second")
                        #expect(unknown.status == 503 && unknown.headers["retry-after"] == "1")
                        #expect(try unknown.code == "outcome_unknown")
                        #expect(try await daemon.get("/healthz").status == 200)
                        #expect(try await daemon.get("/readyz").status == 503)
                        let answer = try #require(try await waiter.reply())
                        #expect(answer.status == 503)
                        #expect(try answer.code == "store_unavailable")

                        relay.mend()
                        try await eventually("ready") { try await daemon.get("/readyz").status == 200 }
                        // Its first sending may have arrived meanwhile, and late.
                        let repeated = try await issue(at: daemon, key: "second")
                        #expect(repeated.status == 201)
                        #expect(try await issue(at: daemon, key: "second").ticket == repeated.ticket)
                        let lock = try await daemon.get("/v1/lock?conversation_id=ada")
                        let numbers = try JSONValue(parsing: lock.text)["tickets"]?.array?.compactMap {
                            $0["number"]?.integer
                        }
                        #expect(numbers?.first == 0)
                        #expect(numbers?.filter { $0 == (try? repeated.ticket) }.count == 1)
                    }
                }
            }
        }

        private func issue(at daemon: RunningDaemon, key: String) async throws -> Reply {
            let connection = try Connection(daemon)
            try connection.begin(
                "POST", "/v1/issue-ticket", #"{"conversation_id":"ada"}"#,
                headers: ["Idempotency-Key: \(key)"])
            return try #require(try await connection.reply())
        }
    }
}
