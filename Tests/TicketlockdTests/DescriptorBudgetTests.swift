import Testing

@testable import ticketlockd

@Suite("Descriptors for connections")
struct DescriptorBudgetTests {
    /// What so many connections need, with those that are refused.
    private func needed(_ connections: Int) -> Int {
        let all = connections + DescriptorBudget.refusedConnections
        let shards = (all + DescriptorBudget.connectionsPerShard - 1) / DescriptorBudget.connectionsPerShard
        return all + shards + DescriptorBudget.reserve
    }

    @Test("As many connections are allowed as the descriptors are enough for, and not one more")
    func edge() {
        for open in [3, 20, 21] {
            for allowed in 0..<2_000 {
                let count = DescriptorBudget.connectionsMax(allowed: allowed, open: open)
                #expect(count >= 0)
                if count > 0 { #expect(open + needed(count) <= allowed) }
                #expect(open + needed(count + 1) > allowed)
            }
        }
    }

    @Test(
        "The unit's limit is enough for the default of http.max_connections, Docker's for its largest value")
    func usual() {
        #expect(DescriptorBudget.connectionsMax(allowed: 65_536, open: 40) > 10_000)
        #expect(DescriptorBudget.connectionsMax(allowed: 1_048_576, open: 40) > 1_000_000)
        #expect(DescriptorBudget.connectionsMax(allowed: .max, open: 40) > 1_000_000)
    }
}
