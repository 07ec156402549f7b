import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("With everything failing")
    struct Chaos {
        @Test(
            "A daemon with its state on disk, killed and stopped: the same is true across its restarts",
            arguments: ["process", "power"])
        func state(durability: String) async throws {
            try await withTemporaryFolder { folder in
                let settings = [
                    "store.state_directory=\(folder.path)/state", "store.durability=\(durability)",
                    "log.level=warning",
                ]
                let daemon = ChaosDaemon(
                    port: try SocketAddress.freePort(), settings: settings, log: folder.appending(path: "log")
                )
                defer { daemon.kill() }
                try await ChaosRun([daemon], clientCount: 32).play { random in
                    if random.chance(0.7) {
                        daemon.kill()
                    } else {
                        #expect(try await daemon.stop() == .status(0))
                    }
                    try await ChaosRun.pause(0.05..<0.4, &random)
                    try daemon.start()
                }
            }
        }
    }
}
