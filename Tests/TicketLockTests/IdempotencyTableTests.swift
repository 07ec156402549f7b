import Support
import Testing

@testable import TicketLock

@Suite("The table of idempotency keys")
struct IdempotencyTableTests {
    /// The most elements that one array, dictionary or set in `value` has, at whatever depth. An array of arrays, which
    /// holds chunks, counts for what the longest of them has.
    private func longest(in value: Any) -> Int {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .collection, .dictionary, .set:
            guard let first = mirror.children.first else { return 0 }
            guard Mirror(reflecting: first.value).displayStyle == .collection else {
                return mirror.children.count
            }
            return mirror.children.map { longest(in: $0.value) }.max() ?? 0
        default: return mirror.children.map { longest(in: $0.value) }.max() ?? 0
        }
    }

    @Test("Nothing in it is in one piece that grows with it, so that no ticket waits for all to be moved")
    func growsInSteps() throws {
        let desk = Desk()
        for number in 0..<5_000 { try desk.issue("\(number / 10)", key: "k\(number)") }
        #expect(desk.table.idempotencyKeyCount == 5_000)
        #expect(longest(in: desk.table.idempotency) <= 1_024)
    }

    @Test(
        "It is as a dictionary by conversation and key would be, through fillings and drainings",
        arguments: SeededRandom.seeds(3))
    func random(seed: UInt64) throws {
        struct Name: Hashable {
            let slot: Int
            let key: String
        }
        var random = SeededRandom(seed: seed)
        var table = IdempotencyTable(hash: SipHash(key: (1, 2)))
        var model: [Name: FencingToken] = [:]
        for step in 0..<3_000 as Range<FencingToken> {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), step \(step)"
            let name = Name(
                slot: Int.random(in: 0..<20, using: &random),
                key: String(repeating: "k", count: Int.random(in: 1..<90, using: &random)))
            // Slots share hashes.
            let lock = IdempotencyTable.Lock(slot: name.slot, hash: UInt64(name.slot / 2))
            let place = table.place(of: name.key, in: lock)
            try #require(place.map { table[$0].number } == model[name].map { Int64($0) }, comment)
            if random.chance((step / 600).isMultiple(of: 2) ? 0.8 : 0.3) {
                guard model[name] == nil else { continue }
                let status = TicketStatus(
                    number: Int64(step), token: step, expires: .never, nowServing: 0, position: 0)
                table.remember(TicketRequest(lifetime: .seconds(1), key: name.key), in: lock, as: status)
                model[name] = step
            } else if let token = model.values.randomElement(using: &random) {
                table.forget([token])
                model = model.filter { $0.value != token }
            }
            try #require(table.count == model.count, comment)
        }
    }

    @Test("It counts the requests that have a ticket, of whichever kind", arguments: [false, true])
    func callers(isAcquire: Bool) {
        for callers in [0, 1, 2, 9] {
            var entry = IdempotencyTable.Entry(
                number: 3, isAcquire: isAcquire, lifetime: 5, slot: 7, callers: callers)
            #expect(entry.callers == callers)
            entry.callers += 1
            #expect(entry.callers == callers + 1)
            #expect(entry.isAcquire == isAcquire)
        }
    }

    @Test("An entry takes no more than 32 bytes")
    func size() {
        #expect(MemoryLayout<IdempotencyTable.Entry>.stride <= 32)
    }
}
