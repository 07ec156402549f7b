import EventLoop
import Foundation
import RedisClient
import Support

/// A client on a loop of its own, and what it said.
final class ClientCase: Sendable {
    let client: RedisClient
    let loop: EventLoop
    let notes = Notes()

    private init(_ configuration: RedisConfiguration, _ loop: EventLoop) {
        self.loop = loop
        let notes = notes
        client = RedisClient(
            loop: loop, configuration: configuration, log: { notes.add($0) }, random: { 0.1 })
    }

    /// Runs `body` with a client that has been started, and ends the client.
    static func with(
        _ configuration: RedisConfiguration, _ body: @Sendable (ClientCase) async throws -> Void
    ) async throws {
        try await LoopThread.with { thread in
            let scene = ClientCase(configuration, thread.loop)
            let notes = scene.notes
            await scene.client.observe(message: { notes.add($0, $1) }, state: { notes.add($0) })
            try await scene.client.start()
            do {
                try await body(scene)
            } catch {
                await scene.client.stop()
                throw error
            }
            await scene.client.stop()
        }
    }

    /// Returns when commands can be given.
    func ready() async throws { try await eventually("ready") { await client.isReady } }

    /// The error that a command fails with; nil if it does not.
    func error(of arguments: String...) async -> RedisError? { await error(of: RedisCommand(arguments)) }

    func error(of command: RedisCommand) async -> RedisError? {
        do throws(RedisError) {
            _ = try await client.command(command)
            return nil
        } catch {
            return error
        }
    }

    /// The reply to a command.
    @discardableResult
    func reply(_ arguments: String...) async throws -> RedisReply {
        try await client.command(RedisCommand(arguments))
    }
}

extension RedisConfiguration {
    /// A server of the tests, over TCP.
    init(_ redis: RunningRedis, timeout: Duration = .seconds(10)) {
        self.init(server: .address(.tcp(host: "127.0.0.1", port: redis.port)), timeout: timeout)
    }
}
