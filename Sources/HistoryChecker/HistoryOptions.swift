/// What the checker cannot know from a history.
package struct HistoryOptions: Sendable {
    /// How far the clock of `expires_at` and the spans of `expires_in` may be off from the history's clock.
    package var clockTolerance: Duration = .milliseconds(1)
    /// How much longer than its timeout an answer may take.
    package var answerBound: Duration = .seconds(5)
    /// How long a caller that waits may not be told that its ticket is at the head, or gone.
    package var handOverBound: Duration = .seconds(2)
    /// How old what a written answer says of the time that is left may be.
    package var answerAge: Duration = .milliseconds(100)
    /// For how long numbers are kept: `locks.number_retention`.
    package var numberRetention: Duration = .seconds(3600)
    /// Of a request that names none: `locks.default_lifetime`.
    package var defaultLifetime: Duration = .seconds(60)
    /// Of a request that names none: `locks.default_wait`.
    package var defaultTimeout: Duration = .seconds(30)
    /// How many findings are kept; the others are counted.
    package var findingsMax = 100

    package init() {}
}

/// A history that cannot be read: not its daemon is wrong, but it is.
package struct HistoryError: Error, Equatable, Sendable, CustomStringConvertible {
    package let line: Int
    package let text: String

    package var description: String { "line \(line): \(text)" }
}
