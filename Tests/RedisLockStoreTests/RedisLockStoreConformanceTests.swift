import Support
import Testing

@Suite("The lock store in Redis keeps the rules of every lock store", .timeLimit(.minutes(10)))
struct RedisLockStoreConformanceTests {
    @Test("Numbers and tokens", .serialized, arguments: LockStoreConformance.numbers)
    func numbers(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("The queue", .serialized, arguments: LockStoreConformance.queue)
    func queue(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Wait", .serialized, arguments: LockStoreConformance.waiting)
    func waiting(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Acquire", .serialized, arguments: LockStoreConformance.acquire)
    func acquire(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Idempotency keys", .serialized, arguments: LockStoreConformance.idempotency)
    func idempotency(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Handing over", .serialized, arguments: LockStoreConformance.handOver)
    func handOver(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Locks", .serialized, arguments: LockStoreConformance.locks)
    func locks(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Limits and statistics", .serialized, arguments: LockStoreConformance.limits)
    func limits(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("Shutting down", .serialized, arguments: LockStoreConformance.shutDown)
    func shutDown(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("What Rasa's tests ask for", .serialized, arguments: LockStoreConformance.rasa)
    func rasa(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }

    @Test("IDs are bytes", .serialized, arguments: LockStoreConformance.bytes)
    func bytes(_ rule: LockStoreCase) async throws { try await RedisHarness.play(rule) }
}
