import Foundation
import Glibc
import Support
import Testing

extension DaemonSuite {
    @Suite("State on disk")
    struct State {
        private func settings(_ directory: String, _ more: [String] = []) -> [String] {
            ["--listen", "127.0.0.1:0", "--set", "store.state_directory=\(directory)"] + more
        }

        /// Runs a daemon that is expected to end by itself.
        private func refused(_ arguments: [String]) async throws -> Command.Result {
            try await Command.run(BuiltProducts.url("ticketlockd").path, arguments)
        }

        @Test(
            "Who waits is sent away with its ticket by an orderly end, and keeps its place at the next daemon"
        )
        func parkedAcrossRestart() async throws {
            try await withTemporaryFolder { folder in
                let settings = settings(folder.path + "/state")
                let (number, token) = try await RunningDaemon.with(settings) { daemon in
                    _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                    let waiter = try await daemon.parked(
                        "/v1/acquire", #"{"conversation_id":"a","lifetime":30,"timeout":60}"#)
                    daemon.process.signal(SIGTERM)
                    let reply = try #require(try await waiter.reply())
                    #expect(reply.status == 503)
                    #expect(try reply.code == "shutting_down")
                    #expect(try await daemon.process.exit(within: .seconds(20)) == .status(0))
                    return (try reply.ticket, try reply.token)
                }
                try await RunningDaemon.with(settings) { daemon in
                    let log = try daemon.log
                    #expect(log.contains("locks restored"))
                    let names = #"{"conversation_id":"a","ticket":\#(number),"token":\#(token)}"#
                    let waiter = try await daemon.parked("/v1/wait", names)
                    _ = try await daemon.post("/v1/finish-serving", #"{"conversation_id":"a","ticket":0}"#)
                    let served = try #require(try await waiter.reply())
                    #expect(served.status == 200)
                    #expect(try served.isLocked == false)
                }
            }
        }

        @Test(
            "Who waited in acquire when the daemon was killed holds up nobody, and with a key has kept its place"
        )
        func parkedWhenKilled() async throws {
            try await withTemporaryFolder { folder in
                let settings = settings(folder.path + "/state")
                let acquire = #"{"conversation_id":"a","lifetime":30,"timeout":60}"#
                let key = ["Idempotency-Key: once"]
                try await RunningDaemon.with(settings) { daemon in
                    _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                    let waiters = [
                        try await daemon.parked("/v1/acquire", acquire),
                        try await daemon.parked("/v1/acquire", acquire, headers: key),
                    ]
                    withExtendedLifetime(waiters) { daemon.process.kill() }
                }
                try await RunningDaemon.with(settings) { daemon in
                    let again = try await daemon.parked("/v1/acquire", acquire, headers: key)
                    _ = try await daemon.post("/v1/finish-serving", #"{"conversation_id":"a","ticket":0}"#)
                    let served = try #require(try await again.reply())
                    #expect(served.status == 201)
                    #expect(try served.ticket == 2)
                }
            }
        }

        @Test("A ticket that expired while nobody served is gone")
        func expiredMeanwhile() async throws {
            try await withTemporaryFolder { folder in
                let settings = settings(folder.path + "/state")
                try await RunningDaemon.with(settings) { daemon in
                    _ = try await daemon.post(
                        "/v1/issue-ticket", #"{"conversation_id":"a","lifetime":0.2}"#)
                    daemon.process.kill()
                }
                usleep(200_000)
                try await RunningDaemon.with(settings) { daemon in
                    let reply = try await daemon.post("/v1/wait", #"{"conversation_id":"a","ticket":0}"#)
                    #expect(reply.status == 410)
                }
            }
        }

        @Test("A directory that cannot be used ends the start with what to do, and the right status")
        func refusals() async throws {
            try await withTemporaryFolder { folder in
                let directory = folder.path + "/state"
                try await RunningDaemon.with(settings(directory)) { daemon in
                    let second = try await refused(settings(directory))
                    #expect(second.status == 69)
                    #expect(second.errors.contains("in use by another daemon"))
                    daemon.process.kill()
                }
                let log = URL(filePath: directory + "/changes.log")
                try Data(contentsOf: log).prefix(9_999).write(to: log)
                let corrupt = try await refused(settings(directory))
                #expect(corrupt.status == 78)
                #expect(corrupt.errors.contains("changes.log: is cut off"))
                #expect(corrupt.errors.contains("--discard-state"))
                try await RunningDaemon.with(settings(directory, ["--discard-state"])) { daemon in
                    let log = try daemon.log
                    #expect(log.contains("discarded"))
                }
                let missing = try await refused(settings(folder.path + "/none/state"))
                #expect(missing.status == 78)
                #expect(missing.errors.contains(folder.path + "/none/state"))
                let useless = try await refused(["--discard-state"])
                #expect(useless.status == 78)
                #expect(useless.errors.contains("store.state_directory"))
            }
        }

        @Test(
            "A directory that another user owns is refused",
            .enabled(if: getuid() == 0, "needs root, to become another user"))
        func permission() async throws {
            try await withTemporaryFolder { folder in
                let directory = folder.path + "/state"
                try await RunningDaemon.with(settings(directory)) { $0.process.kill() }
                chmod(folder.path, 0o755)
                let daemon = folder.path + "/ticketlockd"
                try FileManager.default.copyItem(
                    at: BuiltProducts.url("ticketlockd"), to: URL(filePath: daemon))
                func start(_ environment: [String: String] = [:]) async throws -> Command.Result {
                    try await Command.run(
                        "setpriv",
                        ["--reuid=65534", "--regid=65534", "--clear-groups", daemon] + settings(directory),
                        environment: environment)
                }
                let result = try await start()
                #expect(result.status == 78, "\(result.errors)")
                #expect(result.errors.contains(directory))
                #expect(result.errors.contains("belongs to user 0, and the daemon runs as user 65534"))
                // The directory is the service's, a file in it root's: systemd leaves them as they are.
                chown(directory, 65534, 65534)
                for own in [directory, directory + "/"] {
                    let result = try await start(["STATE_DIRECTORY": own])
                    #expect(result.status == 78, "\(result.errors)")
                    #expect(result.errors.contains("changes.log: cannot be used"))
                    #expect(result.errors.contains("chown root:root \(own) and start the service again"))
                }
                let other = try await start(["STATE_DIRECTORY": folder.path + "/other"])
                #expect(other.errors.contains("belongs to user 0, and the daemon runs as user 65534"))
            }
        }
    }
}
