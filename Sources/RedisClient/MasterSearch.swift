import EventLoop

/// Asks sentinels, one after the other, where the master is. Loop thread only; ``cancel()`` it before dropping it
/// unanswered.
final class MasterSearch {
    typealias Done = (Result<RedisAddress, RedisError>) -> Void

    /// The longest that one sentinel may take, so that one that has gone does not keep us from the others.
    static let sentinelTimeout: Duration = .seconds(1)

    private let name: String
    private let loop: EventLoop
    private let configuration: RedisConfiguration
    private var remaining: ArraySlice<RedisAddress>
    private var problems: [String] = []
    private var link: RedisLink?
    private var done: Done?

    /// - Parameters:
    ///   - name: the master's, as the sentinels know it.
    ///   - done: called once, perhaps from within ``start()``.
    init(
        for name: String, among sentinels: [RedisAddress], _ configuration: RedisConfiguration,
        on loop: EventLoop, done: @escaping Done
    ) {
        self.name = name
        self.loop = loop
        self.configuration = configuration
        remaining = sentinels[...]
        self.done = done
    }

    func start() { askNext() }

    func cancel() {
        done = nil
        link?.stop()
        link = nil
    }

    private func askNext() {
        guard let sentinel = remaining.popFirst() else {
            let reasons = problems.joined(separator: "; ")
            return finish(
                .failure(RedisError(.unavailable, "no sentinel knows the master \(name): \(reasons)")))
        }
        var configuration = configuration
        configuration.timeout = min(configuration.timeout, Self.sentinelTimeout)
        do throws(EventLoopError) {
            link = try RedisLink(to: sentinel, for: .sentinel, configuration, on: loop) { [unowned self] in
                handle($0, of: sentinel)
            }
        } catch {
            problems.append(error.description)
            askNext()
        }
    }

    private func handle(_ event: RedisLink.Event, of sentinel: RedisAddress) {
        switch event {
        case .message: break
        case .ready:
            let question = RedisCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])
            link?.send(question.bytes, replies: 1) { [unowned self] result in
                // Otherwise the end of the connection follows.
                if case .success(let replies) = result { take(replies[0], from: sentinel) }
            }
        case .ended(let error):
            problems.append(error.detail)
            askNext()
        }
    }

    private func take(_ reply: RedisReply, from sentinel: RedisAddress) {
        let parts = reply.elements?.compactMap(\.text) ?? []
        if parts.count == 2, let port = UInt16(parts[1]) {
            return finish(.success(.tcp(host: parts[0], port: port)))
        }
        link?.end(RedisError(.unavailable, Self.problem(reply, sentinel)))
    }

    private static func problem(_ reply: RedisReply, _ sentinel: RedisAddress) -> String {
        switch reply {
        case .null: "the sentinel \(sentinel) does not know it"
        case .error(let message): "the sentinel \(sentinel) says \(message)"
        default: "the sentinel \(sentinel) sent something else than an address"
        }
    }

    private func finish(_ result: Result<RedisAddress, RedisError>) {
        let done = done
        cancel()
        done?(result)
    }
}
