import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("The end")
    struct Shutdown {
        @Test(
            "SIGTERM and SIGINT end an idle daemon with status 0 and two lines", arguments: [SIGTERM, SIGINT])
        func idle(_ signal: Int32) async throws {
            try await RunningDaemon.with { daemon in
                daemon.process.signal(signal)
                let exit = try await daemon.process.exit(within: .seconds(10))
                #expect(exit == .status(0))
                let lines = try daemon.lines.suffix(2).map { $0.replacing(#/^\S+ notice /#, with: "") }
                #expect(
                    lines == ["shutting down signal=\(signal == SIGTERM ? "SIGTERM" : "SIGINT")", "stopped"])
            }
        }

        @Test("A parked wait and a parked acquire are told 503 shutting_down, with ticket and token")
        func parked() async throws {
            try await RunningDaemon.with { daemon in
                let held = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                let next = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                let body = #"{"conversation_id":"a","ticket":\#(try next.ticket),"timeout":60}"#
                let wait = try await daemon.parked("/v1/wait", body)
                let acquire = try await daemon.parked("/v1/acquire", #"{"conversation_id":"a","timeout":60}"#)
                daemon.process.signal(SIGTERM)
                for (connection, ticket, token) in [
                    (wait, try next.ticket, try next.token),
                    (acquire, try held.ticket + 2, try held.token + 2),
                ] {
                    let reply = try #require(try await connection.reply())
                    #expect(reply.status == 503)
                    #expect(reply.headers["content-type"] == "application/problem+json")
                    #expect(reply.headers["retry-after"] != nil)
                    #expect(reply.headers["connection"]?.lowercased() == "close")
                    #expect(try reply.code == "shutting_down")
                    #expect(try reply.ticket == ticket)
                    #expect(try reply.token == token)
                    #expect(try await connection.ends())
                }
                let exit = try await daemon.process.exit(within: .seconds(10))
                #expect(exit == .status(0))
            }
        }

        @Test("No connection is accepted any more, and a large answer under way is still written whole")
        func inFlight() async throws {
            try await RunningDaemon.with { daemon in
                let port = try daemon.port
                let filler = String(repeating: "x", count: 500)
                for number in 0..<1_000 {
                    let body = #"{"conversation_id":"\#(filler)\#(number)"}"#
                    #expect(try await daemon.post("/v1/issue-ticket", body).status == 201)
                }
                let slow = try Connection(daemon)
                try slow.begin("GET", "/v1/locks?limit=1000")
                _ = try await daemon.get("/healthz")
                daemon.process.signal(SIGTERM)
                _ = try await daemon.line(with: "shutting down")
                let isRefused = try await eventually { try isConnectionRefused(port) }
                #expect(isRefused)
                let reply = try #require(try await slow.reply())
                #expect(reply.status == 200)
                #expect(reply.text.utf8.count > 500_000)
                let exit = try await daemon.process.exit(within: .seconds(5))
                #expect(exit == .status(0))
            }
        }

        @Test("Half a request does not hold up the end, and is answered 503")
        func halfRequest() async throws {
            try await RunningDaemon.with(["--listen", "127.0.0.1:0", "--set", "shutdown_timeout=60"]) {
                daemon in
                let starts = [
                    "POST /v1/issue-ticket HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{", "GET /heal",
                ]
                let halves = try starts.map { _ in try Connection(daemon) }
                for (half, start) in zip(halves, starts) { try half.send(start) }
                _ = try await daemon.get("/healthz")
                let exit = try await daemon.stop(within: .seconds(10))
                #expect(exit == .status(0))
                let reply = try #require(try await halves[0].reply())
                #expect(reply.status == 503)
                #expect(try reply.code == "shutting_down")
                #expect(try await halves[1].ends())
            }
        }

        @Test("Every connection that waits to be accepted is answered, in order", arguments: [1, 300, 2_000])
        func waitingToBeAccepted(count: Int) async throws {
            try await RunningDaemon.with { daemon in
                daemon.process.signal(SIGSTOP)
                let body = #"{"conversation_id":"a"}"#
                let clients = try (0..<count).map { _ in try Connection(daemon) }
                for client in clients { try client.begin("POST", "/v1/issue-ticket", body) }
                daemon.process.signal(SIGTERM)
                daemon.process.signal(SIGCONT)
                for (number, client) in clients.enumerated() {
                    let reply = try #require(try await client.reply(), "\(number) of \(count)")
                    #expect(reply.status == 201)
                    #expect(try reply.ticket == number)
                }
                let exit = try await daemon.process.exit(within: .seconds(10))
                #expect(exit == .status(0))
            }
        }

        @Test("A client that never reads its answer is cut off at shutdown_timeout, with a line that says so")
        func deadline() async throws {
            try await RunningDaemon.with(["--listen", "127.0.0.1:0", "--set", "shutdown_timeout=0.3"]) {
                daemon in
                let stuck = try await unread(daemon)
                let exit = try await daemon.stop(within: .seconds(10))
                #expect(exit == .status(0))
                let log = try daemon.log
                #expect(log.contains("requests cut off at the deadline requests=1"), "\(log)")
                stuck.close()
            }
        }

        @Test("An idle keep-alive connection does not hold up the end")
        func idleConnection() async throws {
            try await RunningDaemon.with(["--listen", "127.0.0.1:0", "--set", "shutdown_timeout=60"]) {
                daemon in
                let idle = try Connection(daemon)
                let reply = try await idle.request("GET", "/healthz")
                #expect(reply.status == 200)
                let untouched = try Connection(daemon)
                let exit = try await daemon.stop(within: .seconds(20))
                #expect(exit == .status(0))
                #expect(try await idle.ends())
                #expect(try await untouched.ends())
            }
        }

        @Test("A second signal ends a daemon at once that still waits for a client")
        func secondSignal() async throws {
            try await RunningDaemon.with(["--listen", "127.0.0.1:0", "--set", "shutdown_timeout=600"]) {
                daemon in
                let stuck = try await unread(daemon)
                daemon.process.signal(SIGTERM)
                _ = try await daemon.line(with: "shutting down")
                daemon.process.signal(SIGINT)
                let exit = try await daemon.process.exit(within: .seconds(10))
                #expect(exit == .status(0))
                let lines = try daemon.lines.suffix(2).map { $0.replacing(#/^\S+ \w+ +/#, with: "") }
                #expect(lines == ["stopping at once signal=SIGINT", "stopped"])
                stuck.close()
            }
        }

        @Test("During shutdown_delay /readyz says 503, and all else is served as before")
        func delay() async throws {
            try await withDelay("600") { daemon in
                let waiter = try await daemon.parked("/v1/acquire", acquire)
                daemon.process.signal(SIGTERM)
                _ = try await daemon.line(with: #"shutdown_delay="600.0 seconds" signal=SIGTERM"#)
                let ready = try await daemon.get("/readyz")
                #expect(ready.status == 503)
                #expect(try ready.code == "shutting_down")
                #expect(try await daemon.get("/healthz").status == 200)
                let other = try await daemon.parked("/v1/acquire", acquire)
                let finished = try await daemon.post(
                    "/v1/finish-serving", #"{"conversation_id":"a","ticket":0}"#)
                #expect(finished.status == 200)
                #expect(try await waiter.reply()?.status == 201)
                // The second signal ends the delay, not the daemon: who waits is answered.
                daemon.process.signal(SIGTERM)
                let reply = try #require(try await other.reply())
                #expect(try reply.code == "shutting_down")
                #expect(try await daemon.process.exit(within: .seconds(10)) == .status(0))
                let lines = try daemon.lines.suffix(2).map { $0.replacing(#/^\S+ \w+ +/#, with: "") }
                #expect(lines == ["shutting down signal=SIGTERM", "stopped"])
            }
        }

        @Test("When shutdown_delay is over the daemon ends by itself")
        func delayEnds() async throws {
            try await withDelay("0.2") { daemon in
                let waiter = try await daemon.parked("/v1/acquire", acquire)
                let start = ContinuousClock.now
                #expect(try await daemon.stop() == .status(0))
                #expect(ContinuousClock.now - start > .milliseconds(200))
                #expect(try await waiter.reply()?.code == "shutting_down")
            }
        }

        @Test("A third signal ends a daemon at once that still waits for a client")
        func thirdSignal() async throws {
            try await withDelay("600", ["--set", "shutdown_timeout=600"]) { daemon in
                let stuck = try await unread(daemon)
                daemon.process.signal(SIGTERM)
                _ = try await daemon.line(with: "after shutdown_delay")
                daemon.process.signal(SIGTERM)
                _ = try await daemon.line(with: " shutting down signal=SIGTERM")
                daemon.process.signal(SIGTERM)
                #expect(try await daemon.process.exit(within: .seconds(10)) == .status(0))
                #expect(try daemon.log.contains("stopping at once"))
                stuck.close()
            }
        }

        @Test(
            "A client that resets its connection does not end the daemon, parked or with its answer under way"
        )
        func resets() async throws {
            try await RunningDaemon.with { daemon in
                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                for _ in 0..<20 {
                    let writing = try Connection(daemon)
                    for _ in 0..<50 { try writing.begin("GET", "/v1/openapi.json") }
                    writing.reset()
                    try await daemon.parked("/v1/acquire", #"{"conversation_id":"a"}"#).reset()
                    try await daemon.waitForWaiters(0)
                }
                let reply = try await daemon.get("/v1/is-waiting?conversation_id=a")
                #expect(try reply.member("waiting") == 0)
                #expect(daemon.process.exit == nil)
            }
        }
    }
}

/// A client that has asked for more than its socket takes, and reads none of it.
private func unread(_ daemon: RunningDaemon) async throws -> Connection {
    let client = try Connection(daemon)
    for _ in 0..<1_000 { try client.begin("GET", "/v1/openapi.json") }
    let name = #"ticketlockd_http_requests_total{endpoint="/v1/openapi.json",status="200"}"#
    var answered = -1
    while true {
        let now = try await daemon.metric(name)
        guard now != answered || now == 0 else { return client }
        answered = now
        try await Task.sleep(for: .milliseconds(100))
    }
}

private let acquire = #"{"conversation_id":"a","timeout":60}"#

/// Runs a daemon with that shutdown_delay, where ticket 0 of conversation a is being served.
private func withDelay(
    _ delay: String, _ arguments: [String] = [], _ body: (RunningDaemon) async throws -> Void
) async throws {
    let arguments = ["--listen", "127.0.0.1:0", "--set", "shutdown_delay=\(delay)"] + arguments
    try await RunningDaemon.with(arguments) { daemon in
        _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
        try await body(daemon)
    }
}

private func isConnectionRefused(_ port: UInt16) throws -> Bool {
    do {
        _ = try Connection(port: port)
        return false
    } catch let error as POSIXError where error.code == .ECONNREFUSED {
        return true
    }
}
