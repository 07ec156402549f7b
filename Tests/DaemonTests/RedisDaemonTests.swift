import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("With Redis")
    struct WithRedis {
        private func arguments(_ redis: RunningRedis) -> [String] {
            let settings = [
                "store.type=redis", "redis.host=127.0.0.1", "redis.port=\(redis.port)",
                "redis.socket_timeout=2",
            ]
            return ["--listen", "127.0.0.1:0"] + settings.flatMap { ["--set", $0] }
        }

        /// What curl gets for a POST.
        private func post(_ daemon: RunningDaemon, _ endpoint: String, _ body: String) async throws
            -> JSONValue
        {
            let result = try await Command.run(
                "curl", ["--silent", "--show-error", "--json", body, "\(try daemon.url)/v1/\(endpoint)"])
            #expect(result.status == 0, "\(result.errors)")
            return try JSONValue(parsing: result.output)
        }

        @Test("Of two daemons one gives a ticket, the other waits for it, and the first finishes it, by curl")
        func twoDaemons() async throws {
            try await RunningRedis.with { redis in
                let arguments = arguments(redis)
                try await RunningDaemon.with(arguments) { one in
                    try await RunningDaemon.with(arguments) { two in
                        for daemon in [one, two] { _ = try await daemon.line(with: "Redis is ready") }
                        let holder = try await post(one, "issue-ticket", #"{"conversation_id":"ada"}"#)
                        let ticket = try await post(one, "issue-ticket", #"{"conversation_id":"ada"}"#)
                        #expect(holder["ticket"] == 0 && ticket["ticket"] == 1 && ticket["is_locked"] == true)
                        let token = try #require(ticket["token"]?.integer)
                        async let waited = post(
                            two, "wait",
                            #"{"conversation_id":"ada","ticket":1,"token":\#(token),"timeout":20}"#)
                        try await eventually("it waits") {
                            try await two.waiters() == 1
                        }
                        let finished = try await post(
                            one, "finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
                        #expect(finished["removed"] == true && finished["now_serving"] == 1)
                        let served = try await waited
                        #expect(served["is_locked"] == false && served["token"]?.integer == token)
                        let cleaned = try await post(
                            one, "cleanup", #"{"conversation_id":"ada","ticket":1,"token":\#(token)}"#)
                        #expect(cleaned["deleted"] == true)
                        // Both show the time by Redis's clock, to the microsecond but for what their own are off.
                        let shown = [holder["expires"]?.number, served["expires"]?.number].compactMap { $0 }
                        #expect(shown.count == 2 && shown[0] < shown[1] + 1)
                    }
                }
            }
        }

        @Test(
            "Callers of a daemon that stood still for long learn that their places are lost, not that Redis is"
        )
        func stoodStill() async throws {
            try await RunningRedis.with { redis in
                let arguments = arguments(redis)
                try await RunningDaemon.with(arguments) { one in
                    try await RunningDaemon.with(arguments) { two in
                        for daemon in [one, two] { _ = try await daemon.line(with: "Redis is ready") }
                        _ = try await post(one, "issue-ticket", #"{"conversation_id":"ada"}"#)
                        async let lost = post(two, "acquire", #"{"conversation_id":"ada","timeout":30}"#)
                        try await eventually("it waits") { try await two.waiters() == 1 }
                        two.process.signal(SIGSTOP)
                        _ = try await post(one, "finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
                        let next = try await post(one, "acquire", #"{"conversation_id":"ada","timeout":30}"#)
                        #expect(next["ticket"] == 2)
                        two.process.signal(SIGCONT)
                        let answer = try await lost
                        let code = answer["code"]?.string ?? ""
                        let detail = answer["detail"]?.string ?? ""
                        // The message that says why, or the question what has become of it: whichever comes first.
                        #expect(["store_unavailable", "ticket_gone"].contains(code))
                        #expect(
                            detail.contains("was out of touch") || detail.contains("no longer queued"),
                            "\(detail)")
                    }
                }
            }
        }

        @Test("Without Redis the daemon starts and says so; with it, it serves without a restart")
        func redisIsDown() async throws {
            try await RunningRedis.with { redis in
                redis.kill()
                try await RunningDaemon.with(arguments(redis)) { daemon in
                    #expect(try await daemon.get("/healthz").status == 200)
                    #expect(try await daemon.get("/metrics").status == 200)
                    let unready = try await daemon.get("/readyz")
                    #expect(unready.status == 503 && unready.headers["retry-after"] == "1")
                    let refused = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"ada"}"#)
                    #expect(refused.status == 503)
                    #expect(try refused.code == "store_unavailable")
                    _ = try await daemon.line(with: "Redis is not ready")
                    let lines = try daemon.lines
                    let connecting = lines.firstIndex { $0.contains("until it is ready, requests get 503") }
                    let serving = lines.firstIndex { $0.contains(" serving ") }
                    #expect(try #require(connecting) < #require(serving))
                    try await redis.restart()
                    _ = try await daemon.line(with: "Redis is ready")
                    try await eventually("ready") { try await daemon.get("/readyz").status == 200 }
                    #expect(
                        try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"ada"}"#).status == 201
                    )
                    redis.kill()
                    _ = try await daemon.line(with: "Redis is lost")
                    #expect(try await daemon.get("/readyz").status == 503)
                    #expect(try await daemon.stop() == .status(0))
                }
            }
        }

        @Test(
            "A new password in its file is used by the next connection, and SIGHUP says so, or what is wrong")
        func rotation() async throws {
            try await withTemporaryFolder { folder in
                try await RunningRedis.with(["--requirepass", "one"]) { redis in
                    let file = folder.appending(path: "password")
                    try Data("one\n".utf8).write(to: file)
                    let own = arguments(redis) + ["--set", "redis.password_file=\(file.path)"]
                    try await RunningDaemon.with(own) { daemon in
                        _ = try await daemon.line(with: "Redis is ready")
                        _ = try await redis.run(["-a", "one", "CONFIG", "SET", "requirepass", "two"])
                        try Data("two\n".utf8).write(to: file)
                        daemon.process.signal(SIGHUP)
                        _ = try await daemon.line(with: "certificates for Redis are read again")
                        _ = try await redis.run(["-a", "two", "CLIENT", "KILL", "TYPE", "normal"])
                        _ = try await daemon.line(with: "Redis is lost")
                        try await eventually("ready") { try await daemon.get("/readyz").status == 200 }
                        try Data().write(to: file)
                        daemon.process.signal(SIGHUP)
                        let line = try await daemon.line(with: "the configuration was not reloaded")
                        #expect(line.contains("redis.password_file") && line.contains("is empty"))
                        #expect(try await daemon.get("/readyz").status == 200)
                        #expect(try !daemon.log.contains("two"))
                    }
                }
            }
        }

        @Test("What Redis refuses is said at /readyz and to clients, with what to do")
        func refusal() async throws {
            try await RunningRedis.with { redis in
                try await RunningDaemon.with(arguments(redis)) { daemon in
                    _ = try await daemon.line(with: "Redis is ready")
                    try await redis.command("CONFIG", "SET", "maxmemory", "1mb")
                    for answer in [
                        try await daemon.get("/readyz"),
                        try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"ada"}"#),
                    ] {
                        #expect(answer.status == 503)
                        #expect(try answer.code == "store_unavailable")
                        #expect(answer.text.contains("OOM") && answer.text.contains("maxmemory"))
                        #expect(answer.text.contains("nothing was changed"))
                        #expect(!answer.text.contains("cannot be reached"))
                    }
                }
            }
        }
    }
}
