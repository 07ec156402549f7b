import Foundation
import Glibc
import Support
import Testing

extension DaemonSuite {
    @Suite("State on disk and descriptors")
    struct StateDescriptors {
        private func settings(_ directory: String) -> [String] {
            ["--listen", "127.0.0.1:0", "--set", "store.state_directory=\(directory)"]
        }

        /// Takes tickets of new conversations, until `count` are taken or one is refused; how many were taken.
        private func issue(_ count: Int, from first: Int, _ connection: Connection) async throws -> Int {
            for number in first..<first + count {
                let reply = try await connection.request(
                    "POST", "/v1/issue-ticket", #"{"conversation_id":"c\#(number)","lifetime":3600}"#)
                if reply.status != 201 { return number - first }
            }
            return count
        }

        @Test(
            "With no descriptor left the database takes the log over again and again",
            arguments: ["process", "power"])
        func takeOver(_ durability: String) async throws {
            try await withTemporaryFolder { folder in
                let settings = settings(folder.path + "/state") + ["--set", "store.durability=\(durability)"]
                try await RunningDaemon.with(settings) { daemon in
                    let connection = try Connection(daemon)
                    _ = try await connection.request("GET", "/healthz")
                    try await daemon.withoutDescriptors {
                        // 256 KiB of the log are some 2,000 of them.
                        let issued = try await issue(5_000, from: 0, connection)
                        #expect(issued == 5_000)
                        #expect(try await connection.request("GET", "/readyz").status == 200)
                    }
                    let log = try daemon.log
                    #expect(!log.contains("cannot be written"), "\(log)")
                    daemon.process.kill()
                }
                try await RunningDaemon.with(settings) { daemon in
                    _ = try await daemon.line(with: "locks restored")
                    let log = try daemon.log
                    #expect(log.contains("tickets=5000"), "\(log)")
                }
            }
        }

        @Test(
            "With no descriptor left the database recovers from a disk that was full",
            .enabled(if: getuid() == 0, "needs root, to mount a file system"))
        func failedCommit() async throws {
            try await withTemporaryFolder { folder in
                guard mount("tmpfs", folder.path, "tmpfs", 0, "size=12m") == 0 else {
                    return print("State on disk and descriptors: skipped, nothing can be mounted here")
                }
                defer { umount2(folder.path, Int32(MNT_DETACH)) }
                try await RunningDaemon.with(settings(folder.path + "/state")) { daemon in
                    let connection = try Connection(daemon)
                    _ = try await connection.request("GET", "/healthz")
                    let filler = folder.path + "/filler"
                    let file = open(filler, O_WRONLY | O_CREAT, 0o600)
                    let page = [UInt8](repeating: 1, count: 4096)
                    while write(file, page, page.count) > 0 {}
                    close(file)
                    try await daemon.withoutDescriptors {
                        // Until a take-over has failed.
                        var issued = 0
                        while issued < 60_000, try !daemon.log.contains("cannot be written") {
                            issued += try await issue(500, from: issued, connection)
                        }
                        _ = try await daemon.line(with: "cannot be written")
                        unlink(filler)
                        let deadline = ContinuousClock.now + .seconds(20)
                        while ContinuousClock.now < deadline, try !daemon.log.contains("is written again") {
                            issued += try await issue(1, from: issued, connection)
                        }
                        let log = try daemon.log
                        #expect(log.contains("is written again"), "\(log)")
                        #expect(try await connection.request("GET", "/readyz").status == 200)
                    }
                    #expect(try await daemon.stop() == .status(0))
                }
            }
        }
    }
}
