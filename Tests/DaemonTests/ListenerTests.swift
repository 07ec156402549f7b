import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Listeners")
    struct Listeners {
        @Test("Port 0 picks a free port, which the log names")
        func freePort() async throws {
            try await RunningDaemon.with { daemon in
                let port = try daemon.port
                #expect(port != 0)
                #expect(try await daemon.get("/healthz").status == 200)
            }
        }

        @Test("IPv4, IPv6 and a Unix socket serve the same locks at once")
        func several() async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                let arguments = [
                    "--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--listen", "unix:\(path)",
                ]
                try await RunningDaemon.with(arguments) { daemon in
                    #expect(daemon.addresses.count == 3)
                    let port6 = try #require(
                        daemon.addresses[1].split(separator: ":").last.flatMap { UInt16($0) })
                    let connections = [
                        try Connection(daemon), try Connection(port: port6, isIPv6: true),
                        try Connection(path: path),
                    ]
                    var tickets: [Int] = []
                    for connection in connections {
                        tickets.append(
                            try await connection.request(
                                "POST", "/v1/issue-ticket", #"{"conversation_id":"a"}"#
                            ).ticket)
                    }
                    #expect(tickets == [0, 1, 2])
                }
            }
        }

        @Test("A Unix socket has the configured mode", arguments: ["0600", "0660", "0777"])
        func mode(_ mode: String) async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                let arguments = ["--listen", "unix:\(path)", "--set", "http.unix_socket_mode=\(mode)"]
                try await RunningDaemon.with(
                    arguments, launcher: ["sh", "-c", "umask 000; exec \"$@\"", "sh"]
                ) { _ in
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    let permissions = try #require(attributes[.posixPermissions] as? NSNumber)
                    #expect(permissions.intValue == Int(mode, radix: 8))
                }
            }
        }

        @Test("A Unix socket that a killed daemon has left behind is replaced, and removed at an orderly end")
        func staleSocket() async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                try await RunningDaemon.with(["--listen", "unix:\(path)"]) { $0.process.kill() }
                #expect(FileManager.default.fileExists(atPath: path))
                try await RunningDaemon.with(["--listen", "unix:\(path)"]) { daemon in
                    let reply = try await Connection(path: path).request("GET", "/healthz")
                    #expect(reply.status == 200)
                    let exit = try await daemon.stop()
                    #expect(exit == .status(0))
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
            }
        }

        @Test("A daemon that cannot start for another reason leaves no Unix socket behind")
        func failedStart() async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                let arguments = ["--listen", "unix:\(path)", "--set", "store.state_directory=/proc/nowhere"]
                let result = try await Command.run(BuiltProducts.url("ticketlockd").path, arguments)
                #expect(result.status == 78)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
            }
        }

        @Test("A Unix socket that a living daemon serves, and a file that is no socket, are left alone")
        func occupiedPath() async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                try await RunningDaemon.with(["--listen", "unix:\(path)"]) { _ in
                    try await expectUnavailable("unix:\(path)")
                    #expect(try await Connection(path: path).request("GET", "/healthz").status == 200)
                }
                let file = folder.appending(path: "file")
                try Data("kept".utf8).write(to: file)
                try await expectUnavailable(
                    "unix:\(file.path)", "what is there is no socket; remove it, or choose another path")
                #expect(try Data(contentsOf: file) == Data("kept".utf8))
            }
        }

        @Test(
            "Of two daemons started at once on one stale Unix socket one serves, the other says why it does not"
        )
        func race() async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                try await RunningDaemon.with(["--listen", "unix:\(path)"]) { $0.process.kill() }
                let daemon = BuiltProducts.url("ticketlockd").path
                for turn in 0..<20 {
                    let logs = (0..<2).map { folder.path + "/log\(turn).\($0)" }
                    let pair = try logs.map { log in
                        try ChildProcess(
                            daemon, ["--listen", "unix:\(path)"], environment: Command.inherited(adding: [:]),
                            output: log, errors: log)
                    }
                    defer { for process in pair { process.kill() } }
                    // Either may end after the other has begun to serve, but one always ends.
                    let isDecided = try await eventually(within: .seconds(30)) {
                        pair.contains { $0.exit != nil }
                    }
                    #expect(isDecided, "both serve, in turn \(turn)")
                    let loser = try #require(pair.firstIndex { $0.exit != nil })
                    #expect(pair[loser].exit == .status(69))
                    let text = try String(contentsOfFile: logs[loser], encoding: .utf8)
                    #expect(text.contains("unix:\(path): another daemon serves there"), "\(text)")
                    var connection: Connection?
                    _ = try await eventually(within: .seconds(30)) {
                        connection = try? Connection(path: path)
                        return connection != nil
                    }
                    let reply = try await connection?.request("GET", "/healthz")
                    #expect(reply?.status == 200, "the other serves, in turn \(turn)")
                    // What it leaves behind is stale for the next pair.
                    pair[1 - loser].kill()
                }
            }
        }

        @Test("An address in use is named in the message, and the exit status is 69")
        func addressInUse() async throws {
            try await RunningDaemon.with { daemon in
                let address = "127.0.0.1:\(try daemon.port)"
                try await expectUnavailable(
                    address, "by process \(daemon.process.processID) (ticketlockd); end what listens there")
                #expect(try await daemon.get("/healthz").status == 200)
            }
        }

        @Test("An address of another machine is named in the message, and the exit status is 69")
        func foreignAddress() async throws {
            try await expectUnavailable("192.0.2.1:0")
        }

        @Test("A restarted daemon has the port back at once, though connections were open")
        func restart() async throws {
            let port = try await RunningDaemon.with { daemon in
                let open = try Connection(daemon)
                #expect(try await open.request("GET", "/healthz").status == 200)
                let exit = try await daemon.stop()
                #expect(exit == .status(0))
                return try daemon.port
            }
            try await RunningDaemon.with(["--listen", "127.0.0.1:\(port)"]) { daemon in
                let reply = try await daemon.get("/healthz")
                #expect(reply.status == 200)
            }
        }
    }
}

/// Expects that a daemon which should listen there ends with 69 and says why.
private func expectUnavailable(_ address: String, _ more: String = "") async throws {
    let result = try await Command.run(BuiltProducts.url("ticketlockd").path, ["--listen", address])
    #expect(result.status == 69)
    #expect(result.errors.contains("cannot listen at \(address): "), "\(result.errors)")
    #expect(more.isEmpty || result.errors.contains(more), "\(result.errors)")
}
