import Foundation

/// A master, its replica, and three sentinels that watch over them; all end with it.
package struct RedisWithSentinels: Sendable {
    /// The master's name with the sentinels.
    package static let name = "locks"

    package let master: RunningRedis
    package let replica: RunningRedis
    package let sentinels: [RunningRedis]

    /// Starts them, waits until each sentinel knows the others and the replica, and runs `body`.
    package static func with<Value>(_ body: (RedisWithSentinels) async throws -> Value) async throws -> Value
    {
        try await withTemporaryFolder { folder in
            var running: [RunningRedis] = []
            defer { for redis in running { redis.kill() } }
            let subfolder = { (name: String) throws -> URL in
                let path = folder.appending(path: name)
                try FileManager.default.createDirectory(at: path, withIntermediateDirectories: false)
                return path
            }
            let master = try await RunningRedis.start(in: try subfolder("m"), quick)
            running.append(master)
            let replica = try await RunningRedis.start(
                in: try subfolder("r"), ["--replicaof", "127.0.0.1", String(master.port)] + quick)
            running.append(replica)
            for number in 1...3 {
                let own = try subfolder("s\(number)")
                let file = own.appending(path: "sentinel.conf")
                try Data(settings(master.port).utf8).write(to: file)
                running.append(try await RunningRedis.start(in: own, [], .sentinel(file: file.path)))
            }
            let scene = RedisWithSentinels(
                master: master, replica: replica, sentinels: Array(running.dropFirst(2)))
            try await scene.knowEachOther()
            return try await body(scene)
        }
    }

    /// Returns when every sentinel takes the server at that port for the master.
    package func agree(on port: UInt16) async throws {
        for sentinel in sentinels {
            try await eventually("a sentinel knows the master") {
                let address = try await sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name)
                return address.hasSuffix(String(port))
            }
        }
    }

    private static let quick = ["--repl-ping-replica-period", "1", "--repl-diskless-sync-delay", "0"]

    private static func settings(_ port: UInt16) -> String {
        """
        sentinel monitor \(name) 127.0.0.1 \(port) 2
        sentinel down-after-milliseconds \(name) 1000
        sentinel failover-timeout \(name) 5000

        """
    }

    private func knowEachOther() async throws {
        for sentinel in sentinels {
            try await eventually("a sentinel knows all") {
                let facts = try await sentinel.command("SENTINEL", "MASTER", Self.name)
                    .split(separator: "\n")
                let fact = { (name: String) -> Substring? in
                    facts.firstIndex { $0 == name }.map { facts[facts.index(after: $0)] }
                }
                return fact("num-slaves") == "1" && fact("num-other-sentinels") == "2"
                    && fact("flags") == "master"
            }
        }
    }
}
