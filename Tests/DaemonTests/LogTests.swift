import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("The log")
    struct Log {
        @Test("As JSON, every line is an object with time, level, logger and message")
        func json() async throws {
            let arguments = ["--listen", "127.0.0.1:0", "--set", "log.format=json", "--log-level", "debug"]
            try await RunningDaemon.with(arguments) { daemon in
                _ = try await daemon.get("/v1/is-waiting?conversation_id=%22%5C%0A%F0%9F%8E%9F")
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "the configuration was reloaded")
                _ = try await daemon.stop()
                var messages: [String] = []
                for line in try daemon.lines {
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    let time = try #require(object?["time"] as? String)
                    #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
                    #expect(object?["level"] is String && object?["logger"] as? String == "ticketlockd")
                    messages.append(try #require(object?["message"] as? String))
                }
                let expected = [
                    "serving", "request", "the configuration was reloaded; nothing has changed",
                    "shutting down",
                    "stopped",
                ]
                #expect(messages == expected)
            }
        }

        @Test("Under the journal, every line begins with its priority and has no time of its own")
        func journal() async throws {
            // What systemd does: the variable names the file that standard error is.
            let script = "JOURNAL_STREAM=$(stat --dereference --format=%d:%i /proc/self/fd/2) exec \"$@\""
            let arguments = ["--listen", "127.0.0.1:0", "--log-level", "debug"]
            try await RunningDaemon.with(arguments, launcher: ["sh", "-c", script, "sh"]) { daemon in
                _ = try await daemon.get("/healthz")
                _ = try await daemon.stop()
                let starts = try daemon.lines.map { $0.split(separator: " ").first.map(String.init) }
                #expect(starts == ["<5>serving", "<7>request", "<5>shutting", "<5>stopped"])
            }
        }

        @Test("The line at the start says version, addresses, store and limits")
        func start() async throws {
            try await RunningDaemon.with { daemon in
                let version: String = try await daemon.get("/version").member("version")
                let line = try await daemon.line(with: "serving")
                let parts = [
                    " version=\(version)", " listen=127.0.0.1:\(try daemon.port)", " store=memory",
                    " max_locks=1000000",
                    " max_tickets_per_lock=10000", " max_tickets=10000000", " max_connections=10000",
                    " max_lifetime=", " max_wait=",
                ]
                for part in parts { #expect(line.contains(part), "\(line)") }
            }
        }

        @Test("The log tells which lock was broken, and which ticket expired while it was served")
        func incidents() async throws {
            try await RunningDaemon.with { daemon in
                for _ in 0..<2 {
                    _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a b"}"#)
                }
                _ = try await daemon.request("DELETE", "/v1/lock?conversation_id=a+b")
                let broken = try await daemon.line(with: "a lock was broken")
                #expect(broken.contains(" notice "))
                #expect(
                    broken.contains(
                        #/a lock was broken by=127\.0\.0\.1:\d+ conversation_id="a b" ticket_count=2 tickets="0 1"/#
                    ),
                    "\(broken)")
                // There is none any more.
                _ = try await daemon.request("DELETE", "/v1/lock?conversation_id=a+b")

                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"c","lifetime":0.05}"#)
                let expired = try await daemon.line(with: "a ticket expired while it was served")
                #expect(expired.contains(" info "))
                #expect(expired.contains("conversation_id=c held_for=\"0.0"), "\(expired)")
                #expect(expired.contains(" ticket=0"))
                #expect(try daemon.lines.filter { $0.contains("a lock was broken") }.count == 1)
            }
        }

        @Test("At debug, a request is told with its conversation, its ticket and what came of it")
        func requests() async throws {
            try await RunningDaemon.with(["--listen", "127.0.0.1:0", "--log-level", "debug"]) { daemon in
                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a\"ticket\":9"}"#)
                let issued = try await daemon.line(with: "target=/v1/issue-ticket")
                #expect(issued.contains("conversation_id=\"a\\\"ticket\\\":9\""), "\(issued)")
                #expect(issued.contains(" outcome=ok ") && issued.hasSuffix(" ticket=0"), "\(issued)")
                _ = try await daemon.post("/v1/wait", #"{"conversation_id":"b","ticket":7}"#)
                let unknown = try await daemon.line(with: "target=/v1/wait")
                #expect(
                    unknown.contains(" conversation_id=b ") && unknown.hasSuffix(" ticket=7"), "\(unknown)")
                #expect(unknown.contains(" outcome=ticket_not_found "), "\(unknown)")
                let body = #"{"conversation_id":"d","timeout":30}"#
                _ = try await daemon.post("/v1/acquire", body)
                try await daemon.parked("/v1/acquire", body).close()
                let gaveUp = try await daemon.line(with: "status=499")
                #expect(gaveUp.contains(" outcome=gave_up ") && gaveUp.hasSuffix(" ticket=1"), "\(gaveUp)")
                _ = try await daemon.post("/v1/acquire", body.replacing("30", with: "0.01"))
                let late = try await daemon.line(with: "outcome=acquire_timeout")
                #expect(late.hasSuffix(" ticket=2"), "\(late)")
                _ = try await daemon.get("/v1/is-waiting?conversation_id=c")
                #expect(try await daemon.line(with: "is-waiting").contains("conversation_id=c"))
                _ = try await daemon.get("/healthz")
                let health = try await daemon.line(with: "target=/healthz")
                #expect(!health.contains("conversation_id") && !health.contains("ticket="))
            }
        }

        @Test("A storm of expiries is told in some lines, and the rest as a count")
        func storm() async throws {
            try await RunningDaemon.with { daemon in
                let connection = try Connection(daemon)
                for number in 0..<40 {
                    _ = try await connection.request(
                        "POST", "/v1/issue-ticket", #"{"conversation_id":"\#(number)","lifetime":0.5}"#)
                }
                try await eventually("all have expired") {
                    try await daemon.get("/metrics").text.contains("ticketlockd_tickets 0\n")
                }
                // Nothing more happens, and all are told of: in a line each, or as a count.
                try await eventually("all are told of") {
                    try told("a ticket expired while", "more tickets expired while", in: daemon) == 40
                }
                #expect(try daemon.lines.filter { $0.contains("a ticket expired while") }.count < 40)
            }
        }

        @Test("What was left out of the log is told when the daemon ends")
        func stormAtTheEnd() async throws {
            try await RunningDaemon.with { daemon in
                let connection = try Connection(daemon)
                for number in 0..<20 {
                    for (method, target, body) in [
                        ("POST", "/v1/issue-ticket", #"{"conversation_id":"\#(number)"}"#),
                        ("DELETE", "/v1/lock?conversation_id=\(number)", nil),
                    ] {
                        #expect(try await connection.request(method, target, body).status < 300)
                    }
                }
                #expect(try await daemon.stop() == .status(0))
                #expect(try told("a lock was broken", "more locks were broken", in: daemon) == 20)
            }
        }

        /// How many of a kind the log tells of.
        private func told(_ one: String, _ more: String, in daemon: RunningDaemon) throws -> Int {
            let lines = try daemon.lines
            let leftOut = lines.filter { $0.contains(more) }.compactMap { line in
                line.firstMatch(of: /left_out=(\d+)/).flatMap { Int($0.1) }
            }
            return lines.filter { $0.contains(one) }.count + leftOut.reduce(0, +)
        }

        @Test("A log that nobody reads any more does not end the daemon")
        func brokenPipe() async throws {
            // The log's reader takes the first line, then goes.
            let script = "exec \"$@\" 2> >(head --lines=1 >&2)"
            let arguments = ["--listen", "127.0.0.1:0", "--log-level", "debug"]
            try await RunningDaemon.with(arguments, launcher: ["bash", "-c", script, "bash"]) { daemon in
                for _ in 0..<50 {
                    let reply = try await daemon.get("/healthz")
                    #expect(reply.status == 200)
                }
                #expect(try daemon.lines.count == 1)
                let exit = try await daemon.stop()
                #expect(exit == .status(0))
            }
        }

        @Test(
            "A log that is not read and whose pipe is full holds up neither requests nor, for long, the end")
        func fullPipe() async throws {
            // The log's reader takes the first line, then stops reading.
            let script =
                "exec \"$@\" 2> >(IFS= read -r line; echo \"$line\" >&2; exec tail --pid=$$ -f /dev/null)"
            let arguments = ["--listen", "127.0.0.1:0", "--log-level", "debug"]
            try await RunningDaemon.with(arguments, launcher: ["bash", "-c", script, "bash"]) { daemon in
                let connection = try Connection(daemon)
                for _ in 0..<1_500 {
                    let reply = try await connection.request("GET", "/healthz")
                    #expect(reply.status == 200)
                }
                let exit = try await daemon.stop()
                #expect(exit == .status(0))
            }
        }
    }
}
