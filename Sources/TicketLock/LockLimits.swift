/// How much the locks may hold, and for how long.
package struct LockLimits: Equatable, Sendable {
    /// At most ``maxLifetime``.
    package var defaultLifetime: Duration = .seconds(60)
    package var maxLifetime: Duration = .seconds(3600)
    /// The longest timeout a caller of wait or acquire may ask for.
    package var maxWait: Duration = .seconds(300)
    /// What it gets without asking; at most ``maxWait``.
    package var defaultWait: Duration = .seconds(30)
    package var conversationIDBytesMax = 512
    package var idempotencyKeyBytesMax = 255
    package var locksMax = 1_000_000
    package var ticketsPerLockMax = 10_000
    /// In all queues together.
    package var ticketsMax = 10_000_000
    /// How long a deleted lock's next number is remembered, and an empty lock that nobody touches is kept.
    /// Not below ``maxLifetime``.
    package var numberRetention: Duration = .seconds(3600)
    package var retainedNumbersMax = 1_000_000

    package init() {}
}
