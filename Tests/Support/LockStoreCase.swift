import Testing
package import TicketLock

/// One rule that every lock store keeps.
package struct LockStoreCase: Sendable, CustomTestStringConvertible {
    package typealias Body = @Sendable (isolated LockStoreScene) async throws -> Void

    /// The rule, as one sentence.
    package let rule: String
    private let limits: @Sendable (inout LockLimits, Duration) -> Void
    private let body: Body

    /// - Parameter limits: changes the limits that the store begins with; it is given the harness's tick.
    package init(
        _ rule: String,
        limits: @escaping @Sendable (inout LockLimits, _ tick: Duration) -> Void = { _, _ in },
        body: @escaping Body
    ) {
        self.rule = rule
        self.limits = limits
        self.body = body
    }

    package var testDescription: String { rule }

    /// Tests the rule on a store of the harness's.
    package func run(on harness: some LockStoreHarness) async throws {
        var limits = LockLimits()
        self.limits(&limits, harness.tick)
        let scene = LockStoreScene(harness, try await harness.makeStore(limits))
        let result: Result<Void, any Error>
        do {
            result = .success(try await scene.play(body))
        } catch {
            result = .failure(error)
        }
        await scene.end()
        await harness.tearDown()
        try result.get()
    }
}
