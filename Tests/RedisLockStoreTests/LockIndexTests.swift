import RedisClient
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The indexes of the lock store in Redis")
struct LockIndexTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func commands(of index: inout LockIndex, at milliseconds: Int64) -> [RedisCommand] {
        index.batch(dueBy: at(milliseconds), isCounting: false, present: 7, lifetime: .seconds(2)).commands
    }

    private static let counting = [
        RedisCommand(["PEXPIRE", "i", "2000"]), RedisCommand(["ZREMRANGEBYSCORE", "i", "-inf", "7"]),
        RedisCommand(["ZCARD", "i"]),
    ]

    @Test("What comes and goes within the delay is never written")
    func shortLived() {
        var index = LockIndex(key: "i")
        index.set("a", score: 5, isNew: true, now: at(0))
        #expect(index.count == 1)
        index.remove("a", now: at(10))
        #expect(index.count == 0)
        #expect(commands(of: &index, at: 1_000) == [])
        #expect(index.nextDue == nil)
    }

    @Test("A change is written when its delay has passed, in its newest form, and not before")
    func delayed() {
        var index = LockIndex(key: "i")
        index.set("a", score: 5, isNew: true, now: at(0))
        index.set("b", score: 6, isNew: false, now: at(20))
        index.set("a", score: 9, isNew: false, now: at(30))
        #expect(index.nextDue == at(50))
        #expect(commands(of: &index, at: 49) == [])
        #expect(commands(of: &index, at: 50) == [RedisCommand(["ZADD", "i", "9", "a"])] + Self.counting)
        index.remove("b", now: at(60))
        // Not one write for each change that comes due.
        #expect(index.nextDue == at(100))
        #expect(commands(of: &index, at: 99) == [])
        #expect(commands(of: &index, at: 100) == [RedisCommand(["ZREM", "i", "b"])] + Self.counting)
    }

    @Test(
        "Of what another daemon may have added the removal is written; what is new counts until Redis has it")
    func counts() {
        var index = LockIndex(key: "i")
        index.remove("a", now: at(0))
        index.set("b", score: 5, isNew: true, now: at(0))
        let batch = index.batch(dueBy: .never, isCounting: true, present: 7, lifetime: .seconds(2))
        #expect(
            batch.commands == [RedisCommand(["ZREM", "i", "a"]), RedisCommand(["ZADD", "i", "5", "b"])]
                + Self.counting)
        #expect(index.count == 1)
        index.took(batch, .integer(41))
        #expect(index.count == 41)
        index.set("c", score: 5, isNew: true, now: at(0))
        let lost = index.batch(dueBy: .never, isCounting: false, present: 7, lifetime: .seconds(2))
        index.took(lost, nil)
        #expect(index.count == 41)
    }

    @Test("Many changes make commands of a bounded length, and too many do not wait")
    func many() {
        var index = LockIndex(key: "i")
        for number in 0...LockIndex.pendingMax {
            index.set("\(number)", score: 5, isNew: true, now: at(0))
        }
        #expect(index.nextDue == Instant(nanoseconds: .min))
        let commands = commands(of: &index, at: 50)
        #expect(commands.count == LockIndex.pendingMax / 500 + 1 + Self.counting.count)
    }
}

@Suite("Redis's clock and ours")
struct RedisClockTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("A moment stays the same for as long as no reply contradicts it")
    func stable() {
        var clock = RedisClock()
        clock.observe(microseconds: 1_000_000, sent: at(10), received: at(12))
        #expect(clock.instant(1_000_000) == at(11))
        let expires = clock.instant(5_000_000)
        // A slow reply says little; a quick one that is a little off is borne with.
        clock.observe(microseconds: 2_000_000, sent: at(500), received: at(1_900))
        clock.observe(microseconds: 3_000_000, sent: at(2_019), received: at(2_020))
        #expect(clock.instant(5_000_000) == expires)
        // Redis's clock was set, an hour ahead.
        clock.observe(microseconds: 3_604_000_000, sent: at(3_010), received: at(3_010))
        #expect(clock.instant(3_604_000_000) == at(3_010))
        #expect(clock.microseconds(at(3_011)) == 3_604_001_000)
    }

    @Test("Of several replies the quickest is gone by")
    func samples() {
        var clock = RedisClock()
        clock.observe([
            (1_000_000, at(0), at(100)), (2_000_000, at(1_000), at(1_001)), (3_000_000, at(1_900), at(2_100)),
        ])
        #expect(clock.instant(2_000_500) == at(1_001))
    }

    @Test("When the clock of a new master is behind, the lead of the old one is kept; a little drift is none")
    func lead() {
        var clock = RedisClock()
        let moment = Instant(nanoseconds: 1_000_000_000)
        clock.observe(microseconds: 5_000_000, sent: moment, received: moment)
        #expect(clock.lead == 0)
        clock.observe(microseconds: 4_995_000, sent: moment, received: moment)
        #expect(clock.lead == 0)
        clock.observe(microseconds: 3_000_000, sent: moment, received: moment)
        #expect(clock.lead == 2_000_000)
        clock.learn(lead: 1_000_000)
        #expect(clock.lead == 2_000_000)
        clock.learn(lead: 7_000_000)
        #expect(clock.lead == 7_000_000)
        clock.observe(microseconds: 11_000_000, sent: moment, received: moment)
        #expect(clock.lead == 0)
    }
}

@Suite("Cursors of a listing")
struct ListingCursorTests {
    @Test(
        "A cursor is below 2^53 and gives back what it was made of",
        arguments: [0, 1, 0xffff_ffff] as [UInt64])
    func roundTrip(scan: UInt64) {
        for hash: UInt64 in [0, 1, 1 << 21 - 1] {
            let cursor = ListingCursor(scan: scan, hash: hash)
            #expect(cursor.integer < 1 << 53)
            #expect(ListingCursor(cursor.integer) == cursor)
        }
        #expect(ListingCursor(0) == ListingCursor(scan: 0, hash: 0))
    }

    @Test("Hashes of like IDs differ")
    func hashes() {
        let hashes = (0..<1_000).map { ListingCursor.hash(of: ConversationID("a/\($0)")) }
        #expect(Set(hashes).count >= 998)
        #expect(hashes.allSatisfy { $0 < 1 << 21 })
    }
}
