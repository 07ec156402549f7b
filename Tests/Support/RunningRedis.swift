package import Foundation
import Glibc

/// A Redis server of the tests, with nothing on disk but its folder. Made by ``with(_:_:)``, which ends it.
///
/// `@unchecked Sendable`: the process that runs is guarded by `lock`.
package final class RunningRedis: @unchecked Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Its files, the log among them.
    package let folder: URL
    /// At 127.0.0.1; chosen by the system.
    package let port: UInt16
    private let options: [String]
    private let usesTLS: Bool
    private let lock = NSLock()
    private var current: ChildProcess

    /// Starts a server, waits until it takes commands, runs `body`, and ends the server whatever happens there.
    ///
    /// - Parameters:
    ///   - options: as on its command line, to which they are added: `["--maxmemory", "5mb"]`.
    ///   - usesTLS: whether the port is for TLS; the options name its certificates.
    package static func with<Value>(
        _ options: [String] = [], usesTLS: Bool = false, _ body: (RunningRedis) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryFolder { folder in
            let redis = try await start(in: folder, options, usesTLS: usesTLS)
            defer { redis.kill() }
            return try await body(redis)
        }
    }

    /// Starts a server whose files are in `folder`; whoever does so kills it.
    package static func start(
        in folder: URL, _ options: [String] = [], usesTLS: Bool = false
    ) async throws -> RunningRedis {
        // Somebody else may take the port before the server does.
        for _ in 0..<5 {
            let redis = try RunningRedis(in: folder, port: try SocketAddress.freePort(), options, usesTLS)
            if try await redis.takesCommands() { return redis }
            redis.kill()
        }
        throw Failure(description: "redis-server does not start: \(Self.log(in: folder))")
    }

    private init(in folder: URL, port: UInt16, _ options: [String], _ usesTLS: Bool) throws {
        self.folder = folder
        self.port = port
        self.options = options
        self.usesTLS = usesTLS
        current = try Self.launch(in: folder, port: port, options, usesTLS)
    }

    /// A Unix socket that it listens at too.
    package var socketPath: String { folder.appending(path: "redis.sock").path }

    package var processID: Int32 { process.processID }

    // MARK: What is done to it

    /// Sends a command by `redis-cli`, over the Unix socket; gives what that prints, its line feed removed.
    @discardableResult
    package func command(_ arguments: String...) async throws -> String {
        let result = try await Command.run("redis-cli", ["-s", socketPath, "--no-auth-warning"] + arguments)
        guard result.status == 0 else { throw Failure(description: result.output + result.errors) }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// Ends it at once.
    package func kill() { process.kill() }

    /// Starts it again at the same port, with nothing in memory, and waits until it takes commands.
    package func restart() async throws {
        process.kill()
        let next = try Self.launch(in: folder, port: port, options, usesTLS)
        lock.withLock { current = next }
        guard try await takesCommands() else {
            throw Failure(description: "redis-server does not start again: \(Self.log(in: folder))")
        }
    }

    /// Stops its process, which answers no more but keeps its connections, until ``resume()``.
    package func pause() { process.signal(SIGSTOP) }

    package func resume() { process.signal(SIGCONT) }

    // MARK: Its process

    private var process: ChildProcess { lock.withLock { current } }

    private static func launch(
        in folder: URL, port: UInt16, _ options: [String], _ usesTLS: Bool
    ) throws -> ChildProcess {
        let ports = usesTLS ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]
        let log = folder.appending(path: "redis.log").path
        return try ChildProcess(
            try Command.path(of: "redis-server"),
            ports + [
                "--bind", "127.0.0.1", "--dir", folder.path, "--save", "",
                "--unixsocket", folder.appending(path: "redis.sock").path, "--appendonly", "no",
            ] + options, environment: Command.inherited(adding: [:]), output: log, errors: log)
    }

    /// Waits until it listens; false if it ends instead.
    private func takesCommands() async throws -> Bool {
        let address = try SocketAddress("unix:" + socketPath)
        _ = try await eventually(within: .seconds(20)) { process.exit != nil || address.isListenedAt }
        return process.exit == nil && address.isListenedAt
    }

    private static func log(in folder: URL) -> String {
        (try? String(contentsOf: folder.appending(path: "redis.log"), encoding: .utf8)) ?? "there is no log"
    }
}
