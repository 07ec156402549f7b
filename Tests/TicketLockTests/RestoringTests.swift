import Support
import Testing

@testable import TicketLock

@Suite("A table that is stored")
struct RestoringTests {
    @Test(
        "After every operation the changes have made of the store what the table is; restarts change nothing",
        arguments: SeededRandom.seeds(2), RandomHistoryTests.Kind.allCases)
    func history(seed: UInt64, kind: RandomHistoryTests.Kind) async throws {
        try await onOwnThread {
            var history = History(seed: seed, kind: kind)
            history.table.noteChanges()
            var restarts = 0
            for step in 0..<1_200 {
                let comment: Comment = "\(TestEnvironment.seedName)=\(seed), \(kind), step \(step)"
                let answers = history.step()
                try #require(answers.table == answers.model, comment)
                try history.compare(comment)
                try history.store(comment)
                guard history.random.chance(0.02) else { continue }
                try history.restart(comment)
                try history.compare(comment)
                restarts += 1
            }
            #expect(restarts > 5)
        }
    }

    @Test("A table that is not stored notes no changes")
    func notStored() {
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        let id = ConversationID("ada")
        _ = table.takeTicket(TicketRequest(lifetime: .seconds(1), key: "k"), for: id, now: .start)
        _ = table.cleanUp(0, token: nil, for: id, now: .start)
        var count = 0
        table.takeChanges { _, changes in count = changes.count }
        #expect(count == 0)
    }

    @Test(
        "Numbers that there cannot be are no such table's",
        arguments: [-2, 1 << 53, .min, .max] as [TicketNumber])
    func foreignNumbers(number: TicketNumber) {
        func restores(_ kind: RecordKind, _ value: [UInt8], _ table: inout LockTable) -> Bool {
            value.withUnsafeBytes { table.restore(Record(kind: kind, key: 0, value: $0), epoch: 0) }
        }
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        var lock = [UInt8](repeating: 0, count: LockRecord.id + 1)
        lock.withUnsafeMutableBytes { $0.put(number, at: LockRecord.lastIssued) }
        #expect(!restores(.lock, lock, &table))
        lock.withUnsafeMutableBytes { $0.put(TicketNumber(-1), at: LockRecord.lastIssued) }
        #expect(restores(.lock, lock, &table))
        var ticket = [UInt8](repeating: 0, count: TicketRecord.byteCount)
        ticket.withUnsafeMutableBytes { $0.put(number, at: TicketRecord.number) }
        #expect(!restores(.ticket, ticket, &table))
        ticket.withUnsafeMutableBytes { $0.put(TicketNumber(0), at: TicketRecord.number) }
        #expect(!restores(.ticket, ticket, &table), "the lock has never issued one")
        var retained = [UInt8](repeating: 0, count: NumberRecord.byteCount)
        retained.withUnsafeMutableBytes {
            $0.put(number == 1 << 53 ? number + 1 : number, at: NumberRecord.next)
        }
        #expect(!restores(.number, retained, &table))
    }

    @Test("A ticket of an acquire is restored if it was served, or told, or can be asked for by its key")
    func untold() throws {
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        let id = ConversationID("ada")
        let acquire = TicketRequest.Kind.acquire(until: .start + .seconds(30))
        for key in [nil, nil, "key", nil] {
            let request = TicketRequest(kind: acquire, lifetime: .seconds(9), key: key)
            _ = table.takeTicket(request, for: id, now: .start)
        }
        _ = table.takeTicket(TicketRequest(lifetime: .seconds(60)), for: id, now: .start)
        _ = table.tell(3, token: nil, for: id, now: .start)
        var restored = try #require(
            StoredTable.restore(
                StoredTable.all(of: &table), limits: LockLimits(), hash: table.hash, firstToken: 1))
        let tickets = restored.lock(for: id, now: .start)?.tickets ?? []
        #expect(tickets.map(\.number) == [0, 2, 3, 4])
        // Its first caller is gone: the ticket goes with the one that came again.
        let again = TicketRequest(kind: acquire, lifetime: .seconds(9), key: "key")
        let token = try restored.takeTicket(again, for: id, now: .start).get().token
        #expect(token == tickets[1].token)
        restored.withdraw(2, token: token, for: id, now: .start)
        let left = restored.lock(for: id, now: .start)?.tickets.map(\.number)
        #expect(left == [0, 3, 4])
    }

    @Test("Moments are stored with the epoch, and come back in that of another boot")
    func epoch() throws {
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        let id = ConversationID("ada")
        let now = Instant(nanoseconds: 50_000_000_000)
        _ = table.takeTicket(TicketRequest(lifetime: .seconds(60)), for: id, now: now)
        let records = StoredTable.all(of: &table, epoch: 1_000_000_000_000)
        // Booted anew, ten seconds later by the wall clock: it is 2 s there instead of 60.
        var restored = try #require(
            StoredTable.restore(
                records, limits: LockLimits(), hash: table.hash, firstToken: 1, epoch: 1_058_000_000_000))
        let later = Instant(nanoseconds: 2_000_000_000)
        let ticket = try restored.status(of: 0, token: nil, for: id, now: later).get()
        #expect(ticket.expires - later == .seconds(50))
    }

    @Test("No ticket outlives the latest expiry that is possible, whatever the clocks say")
    func latestExpiry() throws {
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        let id = ConversationID("ada")
        _ = table.takeTicket(TicketRequest(lifetime: .seconds(60)), for: id, now: .start)
        var restored = LockTable(limits: LockLimits(), firstToken: 1, hash: table.hash)
        var latest = LatestMoments()
        latest.expiry = .start + .seconds(7)
        for (key, value) in StoredTable.all(of: &table).sorted(by: { $0.key < $1.key }) {
            let isGood = value.withUnsafeBytes { value in
                restored.restore(
                    Record(kind: key.kind, key: key.key, value: value), epoch: 0, latest: latest)
            }
            #expect(isGood)
        }
        restored.finishRestoring(firstToken: 1)
        let ticket = try restored.status(of: 0, token: nil, for: id, now: .start).get()
        #expect(ticket.expires == .start + .seconds(7))
    }

    @Test("Records that no table writes are refused, and break nothing", arguments: 0..<8)
    func nonsense(_ choice: Int) {
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        _ = table.takeTicket(TicketRequest(lifetime: .seconds(60)), for: ConversationID("ada"), now: .start)
        var records = StoredTable.all(of: &table)
        let lock = StoredTable.Key(kind: .lock, key: 0)
        let ticket = StoredTable.Key(kind: .ticket, key: 1)
        switch choice {
        // A ticket of no lock, of a slot that is not there, of none at all, and with a number never issued.
        case 0: records[lock] = nil
        case 1: records[ticket]?[0] = 1
        case 2: records[ticket]?[3] = 0x80
        case 3: records[ticket]?[TicketRecord.number] = 1
        // Values of wrong lengths, and keys beyond all others.
        case 4: records[lock]?.removeLast(3)
        case 5: records[ticket]?.removeLast()
        case 6: records[StoredTable.Key(kind: .lock, key: 1 << 31)] = records[lock]
        default: records[StoredTable.Key(kind: .number, key: 3)] = [1]
        }
        #expect(
            StoredTable.restore(records, limits: LockLimits(), hash: table.hash, firstToken: 1) == nil)
    }

    @Test("A buffer cut off or with another kind is not taken for records")
    func cutOff() {
        var table = LockTable(limits: LockLimits(), firstToken: 1)
        _ = table.takeTicket(TicketRequest(lifetime: .seconds(60)), for: ConversationID("ada"), now: .start)
        var buffer = RecordBuffer()
        table.write(.lock(slot: 0), to: &buffer, epoch: 0)
        table.write(.ticket(slot: 0, number: 0, token: 1), to: &buffer, epoch: 0)
        let bytes = Array(buffer.bytes)
        var ends: [Int] = []
        for count in 0...bytes.count {
            let isWhole = bytes[..<count].withUnsafeBytes { Record.forEach(in: $0) { _ in } }
            if isWhole { ends.append(count) }
        }
        #expect(ends == [0, RecordBuffer.headBytes + LockRecord.id + 3, bytes.count])
        var other = bytes
        other[0] = 3
        #expect(!other.withUnsafeBytes { Record.forEach(in: $0) { _ in } })
    }
}

extension History {
    /// Stores what the last step has changed, and compares.
    mutating func store(_ comment: Comment) throws {
        var buffer = RecordBuffer()
        table.takeChanges { table, changes in
            for change in changes { table.write(change, to: &buffer, epoch: 7) }
        }
        try #require(StoredTable.apply(buffer, to: &stored), comment)
        guard random.chance(0.2) else { return }
        try #require(stored == StoredTable.all(of: &table, epoch: 7), comment)
    }

    /// Goes on with a table made of what was stored. What nobody can store is forgotten: who waits, and which
    /// of those touched at the same moment was the first.
    mutating func restart(_ comment: Comment) throws {
        let restored = StoredTable.restore(
            stored, limits: model.limits, hash: table.hash, firstToken: model.nextToken, epoch: 7)
        table = try #require(restored, comment)
        table.noteChanges()
        try store(comment)
        try #require(stored == StoredTable.all(of: &table, epoch: 7), comment)
        model.restart()
        var slots: [ConversationID: Int] = [:]
        for slot in 0..<table.slots.count where !table.slots[slot].isFree {
            slots[table.ids.id(table.slots[slot].id)] = slot
        }
        model.queues.sort { ($0.touched, slots[$0.id] ?? 0) < ($1.touched, slots[$1.id] ?? 0) }
        var keys: [UInt64: Int] = [:]
        for key in 0..<table.retained.keyCount {
            if let entry = table.retained.entry(key) { keys[entry.hash] = key }
        }
        let hash = table.hash
        model.retained.sort {
            ($0.until, keys[hash.hash($0.id)] ?? 0) < ($1.until, keys[hash.hash($1.id)] ?? 0)
        }
    }
}
