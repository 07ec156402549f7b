import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("SIGHUP")
    struct Reload {
        @Test("A changed log.level holds from now on, and the log says what was changed from what")
        func level() async throws {
            try await withFile("log:\n    level: info\n") { file, daemon in
                _ = try await daemon.get("/healthz")
                try write("log:\n    level: debug\n", to: file)
                daemon.process.signal(SIGHUP)
                let line = try await daemon.line(with: "setting changed")
                #expect(line.hasSuffix("notice setting changed key=log.level new=debug old=info"))
                _ = try await daemon.get("/version")
                let request = try await daemon.line(with: "target=/version")
                #expect(
                    request.contains(" debug request ")
                        && request.contains("method=GET outcome=ok status=200"))
                #expect(try !daemon.log.contains("target=/healthz"))
                try write("log:\n    level: notice\n", to: file)
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "new=notice old=debug")
                _ = try await daemon.get("/readyz")
                _ = try await daemon.stop()
                #expect(try !daemon.log.contains("target=/readyz"))
            }
        }

        @Test("A changed limit holds from now on, for tickets and for bodies")
        func limits() async throws {
            try await withFile("") { file, daemon in
                try write("locks:\n    max_lifetime: 90\nhttp:\n    max_body_bytes: 64\n", to: file)
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "key=http.max_body_bytes new=64 old=16384")
                let lifetime = try await daemon.post(
                    "/v1/issue-ticket", #"{"conversation_id":"a","lifetime":91}"#)
                #expect(try lifetime.code == "invalid_lifetime")
                let id = String(repeating: "a", count: 64)
                let body = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"\#(id)"}"#)
                #expect(try body.code == "body_too_large")
            }
        }

        @Test("A setting that needs a restart keeps its value, and the log says so")
        func restartNeeded() async throws {
            try await withFile("") { file, daemon in
                try write("log:\n    format: json\n", to: file)
                daemon.process.signal(SIGHUP)
                let line = try await daemon.line(with: "setting changed")
                #expect(
                    line.hasSuffix("setting changed; it needs a restart key=log.format new=json old=text"))
            }
        }

        @Test(
            "A bad file leaves everything as it was, and the log says why",
            arguments: ["log:\n    level: loud\nlocks:\n    max_lifetime: 70\n", "log: [", nil])
        func badFile(_ text: String?) async throws {
            try await withFile("log:\n    level: debug\n") { file, daemon in
                if let text {
                    try write(text, to: file)
                } else {
                    try FileManager.default.removeItem(at: file)
                }
                daemon.process.signal(SIGHUP)
                let line = try await daemon.line(with: "the configuration was not reloaded")
                #expect(line.contains(" error ") && line.contains(file.path))
                let page = try await daemon.get("/metrics").text
                #expect(page.contains("\nticketlockd_config_reload_failures_total 1\n"))
                let read = try #require(page.firstMatch(of: lastSuccess)?.output.1)
                try write("log:\n    level: debug\nlocks:\n    max_locks: 5\n", to: file)
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "key=locks.max_locks")
                try await eventually("the time of the last good one moves") {
                    let page = try await daemon.get("/metrics").text
                    let again = try #require(page.firstMatch(of: lastSuccess)?.output.1)
                    return try #require(Double(again)) > #require(Double(read))
                }
                let reply = try await daemon.post(
                    "/v1/issue-ticket", #"{"conversation_id":"a","lifetime":3600}"#)
                #expect(reply.status == 201)
                _ = try await daemon.line(with: "target=/v1/issue-ticket")
            }
        }

        @Test("Of two quick signals the settings of the later file hold")
        func quickSignals() async throws {
            try await withFile("") { file, daemon in
                for turn in 1...20 {
                    // The first one is long to read.
                    let padding = String(repeating: "# nothing\n", count: 50_000)
                    try write(padding + "locks: {max_wait: \(1000 + turn)}\n", to: file)
                    daemon.process.signal(SIGHUP)
                    try write("locks: {max_wait: \(2000 + turn)}\n", to: file)
                    daemon.process.signal(SIGHUP)
                    _ = try await daemon.line(with: "key=locks.max_wait new=\(2000 + turn) ")
                }
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "nothing has changed")
                let changes = try daemon.lines.filter { $0.contains("key=locks.max_wait") }
                #expect(changes.last?.contains("new=2020 ") == true)
            }
        }

        @Test("An unchanged file is said to be unchanged, and tickets, waiters and connections live on")
        func unchanged() async throws {
            try await withFile("") { _, daemon in
                let connection = try Connection(daemon)
                let held = try await connection.request("POST", "/v1/acquire", #"{"conversation_id":"a"}"#)
                let waiter = try await daemon.parked("/v1/acquire", #"{"conversation_id":"a"}"#)
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "the configuration was reloaded; nothing has changed")
                let body = #"{"conversation_id":"a","ticket":\#(try held.ticket)}"#
                let finished = try await connection.request("POST", "/v1/finish-serving", body)
                #expect(finished.status == 200)
                let reply = try #require(try await waiter.reply())
                #expect(reply.status == 201)
            }
        }
    }
}

private func write(_ text: String, to file: URL) throws {
    try Data(text.utf8).write(to: file)
}

/// Runs a daemon on a configuration file of that text.
private func withFile(_ text: String, _ body: (URL, RunningDaemon) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        let file = folder.appending(path: "ticketlockd.yaml")
        try write(text, to: file)
        try await RunningDaemon.with(["--config", file.path, "--listen", "127.0.0.1:0"]) {
            try await body(file, $0)
        }
    }
}

private nonisolated(unsafe) let lastSuccess =
    /\nticketlockd_config_last_reload_success_timestamp_seconds (\S+)\n/
