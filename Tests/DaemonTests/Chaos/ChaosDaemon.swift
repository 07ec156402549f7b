import Foundation
import Support

/// A daemon that is killed and started again, always at one port.
///
/// `@unchecked Sendable`: the process that runs is guarded by `lock`.
final class ChaosDaemon: @unchecked Sendable {
    let port: UInt16
    private let arguments: [String]
    private let log: String
    private let lock = NSLock()
    private var process: ChildProcess?

    init(port: UInt16, settings: [String], log: URL) {
        self.port = port
        self.log = log.path
        arguments = ["--listen", "127.0.0.1:\(port)"] + settings.flatMap { ["--set", $0] }
    }

    /// Starts it; whoever does so kills it.
    func start() throws {
        let process = try ChildProcess(
            BuiltProducts.url("ticketlockd").path, arguments, environment: Command.inherited(adding: [:]),
            output: log, errors: log)
        lock.withLock { self.process = process }
    }

    /// Waits until it accepts connections; false if it does not.
    func serves() async throws -> Bool {
        let address = try SocketAddress("127.0.0.1:\(port)")
        return try await eventually { address.isListenedAt }
    }

    /// Its log.
    var text: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Ends it as a crash does.
    func kill() { current?.kill() }

    /// Ends it as `systemctl stop` does; how it ended, nil if it has not.
    func stop() async throws -> ChildProcess.Exit? {
        current?.signal(SIGTERM)
        return try await current?.exit(within: .seconds(20))
    }

    private var current: ChildProcess? { lock.withLock { process } }
}
