import Foundation
import Support
import Testing
import TicketLock

@testable import LockStore

@Suite("The state on disk", .timeLimit(.minutes(5)))
struct LockStateTests {
    @Test(
        "Whenever the process dies, all that was answered is there again", arguments: SeededRandom.seeds(1),
        StateDurability.allCases)
    func deaths(seed: UInt64, durability: StateDurability) async throws {
        try await StateDesk.with(durability) { desk in
            var random = SeededRandom(seed: seed)
            desk.limits.numberRetention = .seconds(3600)
            try desk.open()
            var known: [FencingToken] = []
            for step in 0..<600 {
                let comment: Comment = "\(TestEnvironment.seedName)=\(seed), step \(step)"
                let id = "c\(Int.random(in: 0..<9, using: &random))"
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    let key = random.chance(0.3) ? "k\(random.next())" : nil
                    let token = try desk.issue(
                        id, lifetime: .seconds(Int.random(in: 1...99, using: &random)), key: key
                    )
                    .token
                    try #require(known.allSatisfy { $0 < token }, comment)
                    known = [token]
                case 5..<8: try desk.finish(.random(in: 0..<40, using: &random), id)
                case 8: try desk.cleanUp(.random(in: 0..<40, using: &random), id)
                default:
                    desk.pass(.milliseconds(Int.random(in: 0...3_000, using: &random)))
                    _ = try desk.perform { table, now in table.expire(now: now, limit: 10) }
                }
                guard random.chance(0.02) else { continue }
                _ = desk.state?.sync()
                let before = desk.everything
                if random.chance(0.2) { try desk.close() } else { desk.die() }
                try desk.open()
                try #require(desk.everything == before, comment)
                #expect(desk.state?.origin == .restored)
            }
        }
    }

    @Test("What the log no longer holds is in the database, however often it was taken over")
    func takenOver() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            for round in 0..<4 {
                for number in 0..<1_000 { try desk.issue("c\(number)", key: "\(round)-\(number)") }
                for number in 0..<500 { try desk.finish(TicketNumber(round), "c\(2 * number)") }
                let before = desk.everything
                try desk.reopen()
                #expect(desk.everything == before)
            }
        }
    }

    @Test("A queue so long that its end does not fit into the log goes to the database by itself")
    func longQueue() async throws {
        try await StateDesk.with { desk in
            desk.limits.ticketsPerLockMax = 50_000
            desk.logBytes = 1 << 20
            try desk.open()
            for _ in 0..<50_000 {
                try desk.issue()
            }
            let deleted = try desk.perform { table, now in
                table.deleteLock(for: ConversationID("ada"), now: now)
            }
            #expect(deleted)
            try desk.reopen()
            #expect(desk.table.ticketCount == 0)
            #expect(try desk.issue().number == 50_000)
        }
    }

    @Test("A deleted lock's numbers go on after a restart, for as long as they are retained")
    func retained() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            for number in 0..<3 as Range<TicketNumber> {
                try desk.issue()
                try desk.cleanUp(number)
            }
            try desk.reopen()
            #expect(try desk.issue().number == 3)
            try desk.cleanUp(3)
            desk.pass(.seconds(3601))
            try desk.reopen()
            #expect(try desk.issue().number == 0)
        }
    }

    @Test("A backup that is restored gives no token out again")
    func backup() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            try desk.issue()
            try desk.close()
            let backup = try desk.files
            try desk.open()
            let later = try (0..<9).map { _ in try desk.issue().token }
            desk.die()
            for (name, data) in backup { try data.write(to: URL(filePath: desk.directory + "/" + name)) }
            desk.pass(.seconds(1))
            try desk.open()
            let token = try desk.issue().token
            #expect(later.allSatisfy { $0 < token })
        }
    }

    @Test("A request with its key, sent again after a restart, gets the same ticket")
    func keys() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            try desk.issue()
            let first = try desk.issue(key: "once")
            try desk.reopen()
            #expect(try desk.issue(key: "once") == first)
            #expect(try desk.issue(key: "twice").number == first.number + 1)
        }
    }

    @Test("What expired while nobody served is gone, and the next one is served")
    func expiredMeanwhile() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            try desk.issue(lifetime: .seconds(5))
            try desk.issue(lifetime: .seconds(50))
            desk.die()
            desk.pass(.seconds(6))
            try desk.open()
            let id = ConversationID("ada")
            let (first, second) = try desk.perform { table, now in
                (
                    table.status(of: 0, token: nil, for: id, now: now),
                    table.status(of: 1, token: nil, for: id, now: now)
                )
            }
            #expect(first == .failure(.gone(.unknown)))
            #expect(try second.get().isLocked == false)
            #expect(try second.get().expires - desk.moment == .seconds(44))
        }
    }

    // MARK: The machine's death

    @Test(
        "After a reboot in order, or with power, lifetimes go on by the wall clock",
        arguments: [StateDurability.process, .power], [false, true])
    func reboot(durability: StateDurability, isOrderly: Bool) async throws {
        try await StateDesk.with(durability) { desk in
            try desk.open()
            let before = try desk.issue()
            try desk.issue("gone", lifetime: .seconds(9))
            // The clock is set while the daemon runs.
            desk.wall += 86_400_000_000_000
            try desk.reopen()
            _ = desk.state?.sync()
            if isOrderly { try desk.close() }
            desk.reboot(after: .seconds(10))
            try desk.open()
            guard durability == .power || isOrderly else {
                #expect(desk.state?.origin == .incomplete)
                #expect(desk.table.lockCount == 0)
                return
            }
            #expect(desk.state?.origin == .restored)
            #expect(desk.state?.grantsFrom == nil)
            let status = try desk.perform { table, now in
                table.status(of: 0, token: before.token, for: ConversationID("ada"), now: now)
            }
            #expect(try status.get().expires - desk.moment == .seconds(50))
            #expect(try desk.issue("gone").number == 1)
            #expect(try desk.issue("gone").token > before.token)
            // Once more, with what the second boot has written.
            try desk.close()
            desk.reboot(after: .seconds(10))
            try desk.open()
            let later = try desk.perform { table, now in
                table.status(of: 0, token: before.token, for: ConversationID("ada"), now: now)
            }
            #expect(try later.get().expires - desk.moment == .seconds(40))
        }
    }

    @Test(
        "What the machine's death may have cost is waited for, unless somebody says otherwise",
        arguments: [false, true])
    func incomplete(isDiscarding: Bool) async throws {
        try await StateDesk.with { desk in
            desk.limits.maxLifetime = .seconds(1800)
            try desk.open()
            let before = try desk.issue()
            desk.reboot(after: .seconds(10))
            desk.limits.maxLifetime = .seconds(60)
            try desk.open()
            #expect(desk.state?.origin == .incomplete)
            #expect(FileManager.default.fileExists(atPath: desk.database + ".old"))
            #expect(desk.state?.grantsFrom == desk.moment + .seconds(1800))
            #expect(throws: LockStoreError.self) { try desk.state?.checkGranting(now: desk.moment) }
            // It is not forgotten by starting again, nor by booting again in order.
            try desk.close()
            if isDiscarding {
                try desk.open(isDiscarding: true)
                #expect(desk.state?.grantsFrom == nil)
            } else {
                desk.reboot(after: .seconds(20))
                try desk.open()
                #expect(desk.state?.grantsFrom == desk.moment + .seconds(1780))
                desk.pass(.seconds(1780))
                #expect(throws: Never.self) { try desk.state?.checkGranting(now: desk.moment) }
            }
            #expect(try desk.issue().token > before.token)
        }
    }

    @Test("Numbers that were lost with the machine are not given out again within the retention")
    func lostNumbers() async throws {
        try await StateDesk.with { desk in
            desk.limits.maxLifetime = .seconds(60)
            try desk.open()
            for number in 0..<3 as Range<TicketNumber> {
                #expect(try desk.issue().number == number)
            }
            desk.reboot(after: .seconds(10))
            try desk.open()
            #expect(desk.state?.origin == .incomplete)
            // Lost once more, before anything was written.
            desk.reboot(after: .seconds(10))
            try desk.open()
            desk.pass(.seconds(60))
            let first = try desk.issue().number
            #expect(first > 2)
            #expect(try desk.issue("another").number == first)
            let id = ConversationID("third")
            let gone = try desk.perform { table, now in
                table.status(of: 0, token: nil, for: id, now: now)
            }
            #expect(gone == .failure(.gone(.unknown)))
            try desk.reopen()
            #expect(try desk.issue().number == first + 1)
            #expect(try desk.issue("fourth").number == first)
            desk.pass(.seconds(3600))
            try desk.reopen()
            #expect(try desk.issue("late").number == 0)
        }
    }

    @Test("A wall clock that went back lets no ticket live longer than any could")
    func wallClockBack() async throws {
        try await StateDesk.with(.power) { desk in
            try desk.open()
            try desk.issue()
            _ = desk.state?.sync()
            desk.reboot(after: .seconds(-1_000_000_000))
            try desk.open()
            let found = desk.table.lock(for: ConversationID("ada"), now: desk.moment)
            let lock = try #require(found)
            #expect(lock.tickets.first.map { $0.expires - desk.moment } == .seconds(3600))
        }
    }

    @Test(
        "With power, the files as they were at the last sync hold all that was answered, whatever came after")
    func powerLoss() async throws {
        try await StateDesk.with(.power) { desk in
            try desk.open()
            var random = SeededRandom(seed: 7)
            for round in 0..<8 {
                for _ in 0..<700 { try desk.issue("c\(Int.random(in: 0..<50, using: &random))") }
                #expect(desk.state?.sync() == nil)
                let (answered, everything, now) = (try desk.files, desk.everything, desk.now)
                for _ in 0..<round { try desk.issue("later") }
                desk.reboot(after: .zero)
                for (name, data) in answered {
                    try data.write(to: URL(filePath: desk.directory + "/" + name))
                }
                desk.now = now
                try desk.open()
                #expect(desk.everything == everything)
            }
        }
    }

    @Test("Entries that the machine's death has torn are none, and never come back")
    func torn() async throws {
        try await StateDesk.with(.power) { desk in
            try desk.open()
            try desk.issue("a")
            #expect(desk.state?.sync() == nil)
            let place = try #require(try Data(contentsOf: URL(filePath: desk.log)).lastIndex { $0 != 0 })
            for id in ["b", "c", "d"] { try desk.issue(id) }
            let now = desk.now
            desk.reboot(after: .zero)
            desk.now = now
            // Of three entries nobody was told of, the disk has the last two.
            var data = try Data(contentsOf: URL(filePath: desk.log))
            data.replaceSubrange(place + 8..<place + 24, with: Data(count: 16))
            try data.write(to: URL(filePath: desk.log))
            try desk.open()
            #expect(desk.table.lockCount == 1)
            try desk.issue("e")
            try desk.reopen()
            #expect(desk.table.lockCount == 2)
        }
    }

    // MARK: Size

    @Test("Locks that come and go do not make the files grow")
    func churn() async throws {
        try await StateDesk.with { desk in
            desk.limits.retainedNumbersMax = 500
            try desk.open()
            var sizes: [Int] = []
            for round in 0..<12 {
                for number in 0..<1_000 {
                    let id = "\(round)-\(number)"
                    try desk.issue(id)
                    if number >= 100 { try desk.cleanUp(0, "\(round)-\(number - 100)") }
                }
                for number in 900..<1_000 { try desk.cleanUp(0, "\(round)-\(number)") }
                sizes.append(try desk.files.values.reduce(0) { $0 + $1.count })
            }
            #expect(sizes[11] == sizes[5], "\(sizes)")
        }
    }

    @Test("A lock with a ticket takes less than 200 bytes")
    func size() async throws {
        try await StateDesk.with { desk in
            desk.limits.locksMax = 200_000
            try desk.open()
            for number in 0..<30_000 {
                try desk.issue("550e8400-e29b-41d4-a716-" + String(446_655_000_000 + number))
            }
            try desk.close()
            let size = try desk.files["locks.mdb"]?.count ?? 0
            #expect(size < 6_000_000, "\(size)")
        }
    }
}
