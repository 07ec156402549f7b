import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("The service manager")
    struct ServiceManager {
        @Test("It hears READY=1 first, RELOADING=1 and READY=1 about a reload, STOPPING=1 at the end")
        func life() async throws {
            try await withNotifySocket { notify, environment in
                try await RunningDaemon.with(environment: environment) { daemon in
                    try await notify.wait(for: "READY=1")
                    #expect(notify.words.first == "READY=1")
                    daemon.process.signal(SIGHUP)
                    try await notify.wait(for: "READY=1", count: 2)
                    let exit = try await daemon.stop()
                    #expect(exit == .status(0))
                    try await notify.wait(for: "STOPPING=1")
                    let status = "STATUS=serving at 127.0.0.1:\(try daemon.port)"
                    #expect(
                        notify.words == [
                            "READY=1", status, "RELOADING=1", "READY=1", status,
                            "STOPPING=1", "STATUS=shutting down",
                        ])
                }
            }
        }

        @Test("A reload that fails ends with READY=1 too")
        func failedReload() async throws {
            try await withNotifySocket { notify, environment in
                let file = URL(filePath: notify.path).deletingLastPathComponent().appending(path: "a.yaml")
                try Data().write(to: file)
                let arguments = ["--config", file.path, "--listen", "127.0.0.1:0"]
                try await RunningDaemon.with(arguments, environment: environment) { daemon in
                    try Data("log: loud".utf8).write(to: file)
                    daemon.process.signal(SIGHUP)
                    try await notify.wait(for: "RELOADING=1")
                    try await notify.wait(for: "READY=1", count: 2)
                }
            }
        }

        @Test("After STOPPING=1 comes no READY=1, though a reload was asked for just before")
        func reloadAtTheEnd() async throws {
            try await withNotifySocket { notify, environment in
                for turn in 1...10 {
                    try await RunningDaemon.with(environment: environment) { daemon in
                        daemon.process.signal(SIGHUP)
                        let exit = try await daemon.stop()
                        #expect(exit == .status(0))
                        try await notify.wait(for: "STOPPING=1", count: turn)
                    }
                    let states = notify.words.filter { !$0.hasPrefix("STATUS=") }
                    #expect(states.last == "STOPPING=1", "\(states)")
                }
            }
        }

        @Test(
            "It is asked for more time than the unit allows when shutdown_delay and shutdown_timeout take more"
        )
        func stopTime() async throws {
            try await withNotifySocket { notify, environment in
                let arguments = ["--listen", "127.0.0.1:0", "--set", "shutdown_delay=600"]
                try await RunningDaemon.with(arguments, environment: environment) { daemon in
                    daemon.process.signal(SIGTERM)
                    try await notify.wait(for: "EXTEND_TIMEOUT_USEC=660000000")
                    try await notify.wait(for: "STOPPING=1")
                    #expect(try await daemon.stop() == .status(0))
                    #expect(notify.said("STOPPING=1") == 1)
                }
            }
        }

        @Test("A daemon that cannot start never says READY=1")
        func neverReady() async throws {
            try await withNotifySocket { notify, environment in
                let arguments = ["--listen", "192.0.2.1:0"]
                let daemon = BuiltProducts.url("ticketlockd").path
                let result = try await Command.run(daemon, arguments, environment: environment)
                #expect(result.status == 69)
                #expect(!notify.words.contains("READY=1"))
            }
        }

        @Test("It hears WATCHDOG=1 again and again, idle or busy, and not from a daemon that hangs")
        func watchdog() async throws {
            try await withNotifySocket { notify, environment in
                let environment = environment.merging(["WATCHDOG_USEC": "100000"]) { $1 }
                try await RunningDaemon.with(environment: environment) { daemon in
                    try await notify.wait(for: "WATCHDOG=1", count: 3)
                    let connection = try Connection(daemon)
                    for _ in 0..<1_000 { try connection.begin("GET", "/healthz") }
                    try await notify.wait(for: "WATCHDOG=1", count: notify.said("WATCHDOG=1") + 3)
                    daemon.process.signal(SIGSTOP)
                    let isStopped = try await eventually { try daemon.statusText("State") == "T" }
                    #expect(isStopped)
                    // What was said before it stopped is drawn first; then it must stay silent.
                    _ = try await eventually(within: .milliseconds(10)) { false }
                    let before = notify.said("WATCHDOG=1")
                    _ = try await eventually(within: .milliseconds(400)) {
                        notify.said("WATCHDOG=1") > before
                    }
                    #expect(notify.said("WATCHDOG=1") == before)
                    daemon.process.signal(SIGCONT)
                    try await notify.wait(for: "WATCHDOG=1", count: before + 1)
                }
            }
        }

        @Test("Without WATCHDOG_USEC nothing is said about it, and without NOTIFY_SOCKET nothing at all")
        func silence() async throws {
            try await withNotifySocket { notify, environment in
                try await RunningDaemon.with(environment: environment) { daemon in
                    _ = try await daemon.stop()
                    try await notify.wait(for: "STOPPING=1")
                    #expect(notify.said("WATCHDOG=1") == 0)
                }
                let count = notify.words.count
                try await RunningDaemon.with { _ = try await $0.stop() }
                #expect(notify.said("READY=1") == 1 && notify.words.count == count)
            }
        }
    }
}

private func withNotifySocket(_ body: (NotifySocket, [String: String]) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        let notify = try NotifySocket(in: folder)
        try await body(notify, ["NOTIFY_SOCKET": notify.path])
    }
}
