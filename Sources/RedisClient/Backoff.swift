/// How long to wait before the next attempt to connect: exponentially longer, with full jitter, so that many
/// daemons that lost the same Redis do not come back in step.
struct Backoff {
    /// The longest that the first wait may be.
    static let shortest: Duration = .milliseconds(50)
    /// The longest wait.
    static let longest: Duration = .seconds(5)

    private var bound = Self.shortest

    /// The next wait: from nothing to a bound that doubles each time.
    ///
    /// - Parameter random: from 0 to 1.
    mutating func next(random: Double) -> Duration {
        defer { bound = min(bound * 2, Self.longest) }
        return bound * random
    }

    /// After an attempt that succeeded.
    mutating func reset() { bound = Self.shortest }
}
