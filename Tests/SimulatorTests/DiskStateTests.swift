import EventLoop
import Simulator
import Testing
import TicketLock

@testable import LockStore

@Suite("The state on a simulated disk", .timeLimit(.minutes(5)))
struct DiskStateTests {
    /// The process dies, the disk heals, and what the next process grants is there after a loss of power.
    private func expectNextGrantLasts(_ desk: DiskDesk, _ seed: UInt64) throws {
        desk.kill()
        desk.disk.faults.syncFailure = 0
        try desk.open()
        let granted = try desk.issue()
        #expect(desk.state?.sync() == nil)
        desk.losePower()
        try desk.open()
        #expect(desk.lastIssued() == granted.number, "seed \(seed)")
    }

    @Test("What is granted on what a failed sync has left in the cache survives a loss of power")
    func cacheAlone() throws {
        for seed in 1...50 as ClosedRange<UInt64> {
            let desk = DiskDesk(seed: seed)
            try desk.open()
            desk.disk.faults.syncFailure = 1
            // Of some pages, which the disk may have in part.
            for _ in 0..<100 { try desk.issue() }
            #expect(desk.state?.sync() != nil)
            try expectNextGrantLasts(desk, seed)
        }
    }

    @Test(
        "A commit that the cache alone shows is written again before anything takes the place of its entries")
    func commitInCacheAlone() throws {
        for seed in 1...500 as ClosedRange<UInt64> {
            let desk = DiskDesk(seed: seed)
            try desk.open()
            try desk.issue()
            #expect(desk.state?.sync() == nil)
            desk.disk.faults.syncFailure = 0.5
            desk.disk.diesAfter = desk.disk.random.below(6)
            do { try desk.state?.checkpoint() } catch {}
            try expectNextGrantLasts(desk, seed)
        }
    }

    @Test(
        "The loop waits for no sync of what the clocks and the limits are",
        arguments: StateDurability.allCases)
    func headerInBackground(durability: StateDurability) async throws {
        let desk = DiskDesk(seed: 1, durability)
        try desk.open()
        let state = try #require(desk.state)
        let loop = try EventLoop()
        let logSync = state.makeDiskSync(on: loop) { _ in }
        let syncs = desk.disk.syncCount
        desk.clock.wall += 86_400_000_000_000
        desk.clock.pass(.seconds(11))
        state.lookAtClock(now: desk.moment)
        // Once more, while the first is under way.
        desk.clock.wall += 86_400_000_000_000
        desk.clock.pass(.seconds(11))
        state.lookAtClock(now: desk.moment)
        #expect(desk.disk.syncCount == syncs)
        #expect(!state.isHeaderSafe)
        for _ in 0..<2 { try desk.disk.end(#require(desk.disk.pendingSyncs.first)) }
        #expect(state.isHeaderSafe)
        #expect(desk.disk.pendingSyncs.isEmpty)
        // One that fails is done again.
        desk.clock.wall += 86_400_000_000_000
        desk.clock.pass(.seconds(11))
        desk.disk.faults.syncFailure = 1
        state.lookAtClock(now: desk.moment)
        try desk.disk.end(#require(desk.disk.pendingSyncs.first))
        desk.disk.faults.syncFailure = 0
        #expect(!state.isHeaderSafe)
        desk.clock.pass(.seconds(11))
        state.lookAtClock(now: desk.moment)
        try desk.disk.end(#require(desk.disk.pendingSyncs.first))
        #expect(state.isHeaderSafe)
        withExtendedLifetime(logSync) {}
    }

    @Test("Whatever page is lost with the power, the state is there with all that was answered")
    func torn() throws {
        for seed in 1...300 as ClosedRange<UInt64> {
            let desk = DiskDesk(seed: seed)
            desk.disk.faults.tearsPages = true
            try desk.open()
            var granted = TicketNumber(-1)
            for _ in 0..<6 {
                for _ in 0..<desk.disk.random.below(4) {
                    granted = try desk.issue().number
                    #expect(desk.state?.sync() == nil)
                }
                desk.disk.faults.syncFailure = 0.3
                desk.disk.diesAfter = desk.disk.random.pick([0, nil])
                desk.clock.wall += 86_400_000_000_000
                desk.clock.pass(.seconds(11))
                desk.state?.lookAtClock(now: desk.moment)
                desk.disk.faults.syncFailure = 0
                desk.disk.diesAfter = nil
                if desk.disk.random.chance(0.5) { desk.kill() } else { desk.losePower() }
                do {
                    try desk.open()
                } catch {
                    return try #require(Bool(false), "seed \(seed): \(error)")
                }
                #expect(desk.lastIssued() >= granted, "seed \(seed)")
            }
        }
    }
}
