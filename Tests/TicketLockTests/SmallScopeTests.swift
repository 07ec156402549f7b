import Support
import Testing

@testable import TicketLock

@Suite("Everything that can happen in small scope")
struct SmallScopeTests {
    /// How deep to go from the empty table. Each step more takes seven times as long.
    static let depth = TestEnvironment.number(TestEnvironment.depthName).map(Int.init) ?? 6

    @Test(
        "Two conversations and three clients: no order of operations breaks a rule",
        arguments: [
            ([], depth),
            // Where it gets interesting: somebody holds the lock, and both others wait for it.
            ([.issue(client: 0, 0), .acquire(client: 1, 0), .issue(client: 2, 0)], depth - 1),
            // Everybody has been there and is gone, and the lock is deleted: only late requests are left.
            ([.issue(client: 0, 0), .issue(client: 1, 0), .issue(client: 2, 0), .delete(0)], depth - 1),
        ] as [([Move], Int)])
    func exhaustive(first: [Move], depth: Int) throws {
        var seen: Set<Int> = []
        var states = [try first.reduce(SmallScope()) { try $0.after($1) }]
        var counts: [Int] = []
        var moveCount = 0
        for level in 1...depth {
            var next: [SmallScope] = []
            counts.append(0)
            for state in states {
                for move in state.moves {
                    moveCount += 1
                    let after = try state.after(move)
                    guard seen.insert(after.fingerprint).inserted else { continue }
                    counts[level - 1] += 1
                    // The deepest states are looked at, and gone on from no more.
                    if level < depth { next.append(after) }
                }
            }
            states = next
        }
        print(
            "small scope after \(first.count): \(seen.count) states, \(moveCount) moves checked; new: \(counts)"
        )
        #expect(seen.count > 15_000 || Self.depth < 6)
    }
}
