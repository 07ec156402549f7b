package import Foundation
import Glibc

/// A Redis server of the tests, with nothing on disk but its folder. Made by ``with(_:_:)``, which ends it.
///
/// `@unchecked Sendable`: the process that runs is guarded by `lock`.
package final class RunningRedis: @unchecked Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package enum Kind: Sendable {
        case server
        /// Its port is for TLS; the options name its certificates.
        case tls
        /// It watches over others, which its file names.
        case sentinel(file: String)
    }

    /// Its files, the log among them.
    package let folder: URL
    /// At 127.0.0.1; chosen by the system.
    package let port: UInt16
    private let options: [String]
    private let kind: Kind
    private let lock = NSLock()
    private var current: ChildProcess

    /// Starts a server, waits until it takes commands, runs `body`, and ends the server whatever happens there.
    ///
    /// - Parameters:
    ///   - options: as on its command line, to which they are added: `["--maxmemory", "5mb"]`.
    ///   - kind: how it is reached, or what it is.
    package static func with<Value>(
        _ options: [String] = [], _ kind: Kind = .server, _ body: (RunningRedis) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryFolder { folder in
            let redis = try await start(in: folder, options, kind)
            defer { redis.kill() }
            return try await body(redis)
        }
    }

    /// Starts a server whose files are in `folder`; whoever does so kills it.
    package static func start(
        in folder: URL, _ options: [String] = [], _ kind: Kind = .server
    ) async throws -> RunningRedis {
        // Somebody else may take the port before the server does.
        for _ in 0..<5 {
            let redis = try RunningRedis(in: folder, port: try SocketAddress.freePort(), options, kind)
            if try await redis.takesCommands() { return redis }
            redis.kill()
        }
        throw Failure(description: "redis-server does not start: \(Self.log(in: folder))")
    }

    private init(in folder: URL, port: UInt16, _ options: [String], _ kind: Kind) throws {
        self.folder = folder
        self.port = port
        self.options = options
        self.kind = kind
        current = try Self.launch(in: folder, port: port, options, kind)
    }

    /// A Unix socket that it listens at too.
    package var socketPath: String { folder.appending(path: "redis.sock").path }

    package var processID: Int32 { process.processID }

    // MARK: What is done to it

    /// Sends a command by `redis-cli`, over the Unix socket; gives what that prints, its line feed removed.
    @discardableResult
    package func command(_ arguments: String...) async throws -> String { try await run(arguments) }

    /// The same, with the arguments in one list.
    package func run(_ arguments: [String]) async throws -> String {
        let result = try await Command.run("redis-cli", ["-s", socketPath, "--no-auth-warning"] + arguments)
        guard result.status == 0 else { throw Failure(description: result.output + result.errors) }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// Ends it at once.
    package func kill() { process.kill() }

    /// Starts it again at the same port, with nothing in memory, and waits until it takes commands.
    package func restart() async throws {
        process.kill()
        let next = try Self.launch(in: folder, port: port, options, kind)
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
        in folder: URL, port: UInt16, _ options: [String], _ kind: Kind
    ) throws -> ChildProcess {
        let log = folder.appending(path: "redis.log").path
        let common = [
            "--bind", "127.0.0.1", "--dir", folder.path, "--unixsocket",
            folder.appending(path: "redis.sock").path,
        ]
        let withoutFiles = ["--save", "", "--appendonly", "no"]
        let arguments =
            switch kind {
            case .server: ["--port", String(port)] + withoutFiles
            case .tls: ["--port", "0", "--tls-port", String(port)] + withoutFiles
            case .sentinel(let file): [file, "--sentinel", "--port", String(port)]
            }
        return try ChildProcess(
            try Command.path(of: "redis-server"), arguments + common + options,
            environment: Command.inherited(adding: [:]), output: log, errors: log)
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
