/// How much the locks may hold, and for how long.
package struct LockLimits: Equatable, Sendable {
    package var defaultLifetime: Duration = .seconds(60)
    package var maxLifetime: Duration = .seconds(3600)
    /// The longest timeout a caller of wait or acquire may ask for, and what it gets without asking.
    package var maxWait: Duration = .seconds(300)
    package var defaultWait: Duration = .seconds(30)
    package var conversationIDBytesMax = 512
    package var idempotencyKeyBytesMax = 255
    package var locksMax = 1_000_000
    package var ticketsPerLockMax = 10_000
    /// How long a deleted lock's next number is remembered, and an empty lock that nobody touches is kept.
    /// Not below ``maxLifetime``.
    package var numberRetention: Duration = .seconds(3600)
    package var retainedNumbersMax = 1_000_000

    package init() {}
}
