import Glibc
import Support
import Synchronization
import Testing

@Suite struct OneThreadTests {
    @Test("A parked caller is answered by the loop's thread alone, though all others are busy")
    func oneThread() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            let gone = try service.connect()
            let waiter = try service.connect()
            for (number, client) in [gone, waiter].enumerated() {
                try client.send("POST", "/v1/acquire", #"{"conversation_id":"ada"}"#)
                try await service.untilWaiters(are: number + 1)
            }
            // More than there are threads; whatever would run beside the loop runs behind these.
            for _ in 0..<64 {
                Task.detached { while !isOver.load(ordering: .relaxed) { usleep(1_000) } }
            }
            defer { isOver.store(true, ordering: .relaxed) }
            gone.close()
            _ = try holder.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            #expect(try waiter.response().json["ticket"] == 2)
        }
    }
}

/// Whether the threads that are kept busy may go on.
private let isOver = Atomic(false)
