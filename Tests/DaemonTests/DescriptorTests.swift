import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Few descriptors")
    struct Descriptors {
        @Test(
            "With none left a reload is refused with a line that says so, and works when there are some again"
        )
        func reload() async throws {
            try await withTemporaryFolder { folder in
                let file = folder.appending(path: "ticketlockd.yaml")
                try Data("".utf8).write(to: file)
                let arguments = ["--config", file.path, "--listen", "127.0.0.1:0"]
                try await RunningDaemon.with(arguments) { daemon in
                    let connection = try Connection(daemon)
                    _ = try await connection.request("GET", "/healthz")
                    try Data("log: {level: debug}".utf8).write(to: file)
                    try await daemon.withoutDescriptors {
                        for count in 1...2 {
                            daemon.process.signal(SIGHUP)
                            let isSaid = try await eventually {
                                let lines = try daemon.lines.filter { $0.contains("was not reloaded") }
                                #expect(lines.allSatisfy { $0.contains("Too many open files") })
                                return lines.count == count
                            }
                            #expect(isSaid)
                            let reply = try await connection.request(
                                "POST", "/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                            #expect(reply.status == 201)
                        }
                    }
                    daemon.process.signal(SIGHUP)
                    _ = try await daemon.line(with: "key=log.level new=debug old=info")
                    #expect(try await daemon.stop() == .status(0))
                }
            }
        }

        @Test("With none left the daemon ends in order, and no caller is forgotten")
        func end() async throws {
            try await RunningDaemon.with { daemon in
                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                let waiter = try await daemon.parked("/v1/acquire", #"{"conversation_id":"a","timeout":60}"#)
                try await daemon.withoutDescriptors {
                    daemon.process.signal(SIGTERM)
                    let reply = try #require(try await waiter.reply())
                    #expect(try reply.code == "shutting_down")
                    #expect(try await daemon.process.exit(within: .seconds(20)) == .status(0))
                }
            }
        }

        @Test("No thread is started after the start, whatever is asked for")
        func threads() async throws {
            try await RunningDaemon.with { daemon in
                _ = try await daemon.get("/healthz")
                let threads = try daemon.status("Threads")
                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                for _ in 0..<3 {
                    let waiter = try await daemon.parked("/v1/acquire", #"{"conversation_id":"a"}"#)
                    waiter.reset()
                    try await daemon.waitForWaiters(0)
                }
                daemon.process.signal(SIGHUP)
                _ = try await daemon.line(with: "the configuration was reloaded")
                #expect(try daemon.status("Threads") == threads)
            }
        }

        @Test("The service manager's watchdog is fed with none left")
        func watchdog() async throws {
            try await withTemporaryFolder { folder in
                let notify = try NotifySocket(in: folder)
                let environment = ["NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "100000"]
                try await RunningDaemon.with(environment: environment) { daemon in
                    try await notify.wait(for: "READY=1")
                    try await daemon.withoutDescriptors {
                        try await notify.wait(for: "WATCHDOG=1", count: notify.said("WATCHDOG=1") + 3)
                    }
                }
            }
        }

        @Test("process_open_fds is what is open, with none left too")
        func metric() async throws {
            try await RunningDaemon.with { daemon in
                let connection = try Connection(daemon)
                _ = try await connection.request("GET", "/metrics")
                try await daemon.withoutDescriptors {
                    let page = try await connection.request("GET", "/metrics").text
                    let open = try daemon.descriptors.count
                    #expect(page.contains("\nprocess_open_fds \(open)\n"))
                    let threads = try daemon.status("Threads")
                    #expect(page.contains("\nprocess_threads \(threads)\n"))
                }
            }
        }

        @Test("http.max_connections is lowered to what the descriptors are enough for, and the log says so")
        func lowered() async throws {
            let few = ["sh", "-c", "ulimit -n 300; exec \"$@\"", "sh"]
            try await RunningDaemon.with(launcher: few) { daemon in
                let line = try await daemon.line(with: "http.max_connections lowered to ")
                let pattern = #/warning http.max_connections lowered to (\d+): .*LimitNOFILE.* allowed=300 /#
                let match = try #require(line.firstMatch(of: pattern))
                let count = try #require(Int(match.output.1))
                #expect(line.contains("http.max_connections=10000"))
                #expect((50..<200).contains(count))
                let serving = try await daemon.line(with: " serving ")
                #expect(serving.contains("max_connections=\(count) "))
                // So many connections fit, each of them answered, and what the daemon needs itself is left.
                var connections: [Connection] = []
                for _ in 0..<count { connections.append(try Connection(daemon)) }
                for connection in connections {
                    #expect(try await connection.request("GET", "/healthz").status == 200)
                }
                let open = try daemon.descriptors.count
                #expect(open + 64 <= 300)
            }
        }

        @Test(
            "Too few descriptors for one connection end the start with 71 and the way out",
            arguments: [5, 6, 7, 8, 9, 10, 20, 100])
        func tooFew(count: Int) async throws {
            let daemon = BuiltProducts.url("ticketlockd").path
            let command = "ulimit -n \(count); exec \(daemon) --listen 127.0.0.1:0"
            let result = try await Command.run("sh", ["-c", command])
            #expect(result.status == 71)
            #expect(result.errors.contains("\(count) file descriptors are too few"), "\(result.errors)")
            #expect(result.errors.contains("LimitNOFILE"))
        }
    }
}
