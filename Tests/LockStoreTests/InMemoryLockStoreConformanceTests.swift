import Support
import Testing

@Suite("The in-memory lock store keeps the rules of every lock store", .timeLimit(.minutes(5)))
struct InMemoryLockStoreConformanceTests {
    @Test("Numbers and tokens", arguments: LockStoreConformance.numbers)
    func numbers(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("The queue", arguments: LockStoreConformance.queue)
    func queue(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Wait", arguments: LockStoreConformance.waiting)
    func waiting(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Acquire", arguments: LockStoreConformance.acquire)
    func acquire(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Idempotency keys", arguments: LockStoreConformance.idempotency)
    func idempotency(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Handing over", arguments: LockStoreConformance.handOver)
    func handOver(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Locks", arguments: LockStoreConformance.locks)
    func locks(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Limits and statistics", arguments: LockStoreConformance.limits)
    func limits(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("Shutting down", arguments: LockStoreConformance.shutDown)
    func shutDown(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("What Rasa's tests ask for", arguments: LockStoreConformance.rasa)
    func rasa(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }

    @Test("IDs are bytes", arguments: LockStoreConformance.bytes)
    func bytes(_ rule: LockStoreCase) async throws { try await rule.run(on: MemoryHarness()) }
}
