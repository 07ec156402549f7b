import Support
import Testing
import TicketLock

@testable import LockStore

@Suite("The in-memory lock store: random histories of callers that wait", .timeLimit(.minutes(5)))
struct WaiterHistoryTests {
    /// The seeds, which the run prints as the cases' arguments.
    static let seeds = (0..<30).map { _ in UInt64.random(in: .min ... .max) }

    @Test("Nobody waits who has nothing to wait for, whatever happens in whatever order", arguments: seeds)
    func history(seed: UInt64) async throws {
        let harness = try MemoryHarness()
        let rule = LockStoreCase("") { scene in
            var random = SeededRandom(seed: seed)
            var history = WaiterHistory()
            for step in 0..<120 {
                try await history.step(on: scene, &random)
                try await history.check(on: scene, "step \(step)")
            }
            // Those whose tickets stay are served one after the other, and nobody is forgotten.
            while let head = try await scene.queue()?.first {
                try await scene.cleanUp(head)
                try await scene.settle()
            }
            #expect(await scene.store.statistics().waiterCount == 0)
            #expect(history.acquires.allSatisfy { !$0.isWaiting })
        }
        try await rule.run(on: harness)
    }
}

/// What a history has under way.
private struct WaiterHistory {
    var waits: [(call: WaitingCall, number: TicketNumber)] = []
    var acquires: [WaitingCall] = []

    mutating func step(on scene: isolated LockStoreScene, _ random: inout SeededRandom) async throws {
        let id = ConversationID("ada")
        let number = TicketNumber.random(in: 0...(try await scene.lock()?.lastIssued ?? 0), using: &random)
        let span = Double.random(in: 0...10, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<4: _ = try await scene.issue(lifetime: span + 0.1)
        case 4..<8: waits.append((try await scene.wait(number, timeout: span), number))
        case 8..<12:
            let key = Bool.random(using: &random) ? nil : "key"
            acquires.append(try await scene.acquire(lifetime: 3, timeout: span, key: key))
        case 12..<15: try await scene.finish((try await scene.queue()?.first) ?? number)
        case 15: try await scene.cleanUp(number)
        case 16:
            _ = try await scene.store.extend(number, token: nil, of: id, lifetime: scene.ticks(span + 0.1))
        case 17: (waits.map(\.call) + acquires).randomElement(using: &random)?.cancel()
        case 18: try await scene.advance(span / 2)
        default: if Int.random(in: 0..<4, using: &random) == 0 { try await scene.delete() }
        }
        try await scene.settle()
    }

    func check(on scene: isolated LockStoreScene, _ step: String) async throws {
        let tickets = try await scene.lock()?.tickets ?? []
        let waiting = tickets.dropFirst().map(\.number)
        for wait in waits where wait.call.isWaiting {
            #expect(waiting.contains(wait.number), "\(step): waits for \(wait.number), queued: \(waiting)")
        }
        let queuedAcquires = tickets.dropFirst().count { $0.lifetimeOnceServed != nil }
        let waitingAcquires = acquires.count { $0.isWaiting }
        #expect(waitingAcquires >= queuedAcquires, "\(step): a ticket without its caller")
        #expect(queuedAcquires > 0 || waitingAcquires == 0, "\(step): a caller without its ticket")
        let waiters = waits.count { $0.call.isWaiting } + waitingAcquires
        #expect(await scene.store.statistics().waiterCount == waiters, "\(step)")
    }
}
