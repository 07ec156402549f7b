import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Socket activation")
    struct SocketActivation {
        @Test(
            "The request that made systemd start the daemon is answered, and the daemon's own listen stands back"
        )
        func activation() async throws {
            try await withTemporaryFolder { folder in
                let path = folder.appending(path: "sock").path
                let answer = folder.appending(path: "answer")
                let script = """
                    (until curl --silent --fail --unix-socket "$SOCK" http://localhost/healthz > "$ANSWER"
                    do kill -0 $$ || exit; sleep 0.01; done) &
                    exec systemd-socket-activate --listen="$SOCK" --listen="$SOCK.2" \(kept) "$@"
                    """
                try await RunningDaemon.with(
                    ["--listen", "127.0.0.1:1"], environment: ["SOCK": path, "ANSWER": answer.path],
                    launcher: ["sh", "-c", script, "sh"]
                ) { daemon in
                    #expect(daemon.addresses == ["unix:\(path)", "unix:\(path).2"])
                    let isAnswered = try await eventually {
                        try Data(contentsOf: answer) == Data(#"{"status":"ok"}"#.utf8)
                    }
                    #expect(isAnswered)
                    let reply = try await Connection(path: path + ".2").request("GET", "/healthz")
                    #expect(reply.status == 200)
                    let exit = try await daemon.stop()
                    #expect(exit == .status(0))
                    // The path is systemd's, for the next start.
                    #expect(FileManager.default.fileExists(atPath: path))
                }
            }
        }

        @Test("listen: systemd serves the passed sockets beside its own")
        func beside() async throws {
            try await RunningDaemon.with(
                ["--listen", "systemd", "--listen", "127.0.0.1:0"],
                launcher: passing("s.bind(('127.0.0.1', 0)); s.listen()")
            ) { daemon in
                let ports = daemon.addresses.compactMap {
                    $0.split(separator: ":").last.flatMap { UInt16($0) }
                }
                #expect(ports.count == 2)
                for port in ports {
                    let reply = try await Connection(port: port).request("GET", "/healthz")
                    #expect(reply.status == 200)
                }
            }
        }

        @Test("listen: systemd without passed sockets ends with 69 and a hint")
        func nothingPassed() async throws {
            let result = try await Command.run(
                BuiltProducts.url("ticketlockd").path, ["--listen", "systemd"])
            #expect(result.status == 69)
            #expect(result.errors.contains("systemd has passed no sockets"))
        }

        @Test("A passed descriptor that does not listen ends with 69 and is named")
        func notListening() async throws {
            let command = passing("pass") + [BuiltProducts.url("ticketlockd").path]
            let result = try await Command.run(command[0], Array(command.dropFirst()))
            #expect(result.status == 69)
            #expect(
                result.errors.contains("the passed descriptor 3 is not a listening socket"),
                "\(result.errors)")
        }

        @Test("Sockets that were passed to another process are not taken")
        func otherProcess() async throws {
            let launcher = passing("s.bind(('127.0.0.1', 0)); s.listen()", processID: "1")
            try await RunningDaemon.with(launcher: launcher) { daemon in
                #expect(daemon.addresses.count == 1)
                let reply = try await daemon.get("/healthz")
                #expect(reply.status == 200)
            }
        }
    }
}

/// Options by which systemd-socket-activate keeps what sanitizers read from the environment.
private let kept = ["TSAN_OPTIONS", "LSAN_OPTIONS", "ASAN_OPTIONS"]
    .filter { ProcessInfo.processInfo.environment[$0] != nil }.map { "--setenv=\($0)" }.joined(separator: " ")

/// A launcher that passes the TCP socket `s` as systemd does, after `statements` of Python about it.
private func passing(_ statements: String, processID: String = "os.getpid()") -> [String] {
    let script = """
        import os, socket, sys
        s = socket.socket()
        \(statements)
        if s.fileno() == 3: os.set_inheritable(3, True)
        else: os.dup2(s.fileno(), 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(\(processID)))
        os.execv(sys.argv[1], sys.argv[1:])
        """
    return ["/usr/bin/python3", "-c", script]
}
