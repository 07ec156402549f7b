/// How long to wait before the next attempt to connect: exponentially longer, with full jitter, so that many
/// daemons that lost the same Redis do not come back in step.
struct Backoff {
    /// The longest that the first wait may be.
    static let shortest: Duration = .milliseconds(50)
    /// The longest wait for a server that cannot be reached, or not yet: it must be found soon when it is back, since
    /// others do not wait for long for a daemon that is not there.
    static let longest: Duration = .milliseconds(500)
    /// The longest wait for one that lets us not in, which takes somebody's doing.
    static let longestRefused: Duration = .seconds(5)

    private var bound = Self.shortest

    /// The next wait: from nothing to a bound that doubles each time.
    ///
    /// - Parameters:
    ///   - random: from 0 to 1.
    ///   - isRefused: whether the server does not let us in.
    mutating func next(random: Double, isRefused: Bool = false) -> Duration {
        bound = min(bound, isRefused ? Self.longestRefused : Self.longest)
        defer { bound *= 2 }
        return bound * random
    }

    /// After an attempt that succeeded.
    mutating func reset() { bound = Self.shortest }
}
