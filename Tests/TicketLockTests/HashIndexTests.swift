import Support
import Testing

@testable import TicketLock

@Suite("The index of hashes")
struct HashIndexTests {
    private func keys(_ hash: UInt64, in index: HashIndex) -> Set<Int> {
        var keys: Set<Int> = []
        var key = index.first(hash)
        while let found = key, keys.insert(found).inserted { key = index.next(found) }
        return keys
    }

    @Test(
        "It is as a dictionary of sets of keys would be, with hashes that differ in any of their bits",
        arguments: SeededRandom.seeds(3), [0, 20, 40])
    func random(seed: UInt64, shift: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var index = HashIndex()
        var model: [UInt64: Set<Int>] = [:]
        var used: Set<Int> = []
        for step in 0..<3_000 {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), shift \(shift), step \(step)"
            let hash = UInt64.random(in: 0..<400, using: &random) << shift
            // Fills and drains by turns.
            if random.chance((step / 600).isMultiple(of: 2) ? 0.8 : 0.3) {
                let key = index.insert(hash)
                try #require(used.insert(key).inserted, comment)
                model[hash, default: []].insert(key)
            } else if let key = model[hash]?.randomElement(using: &random) {
                index.remove(key)
                model[hash]?.remove(key)
                used.remove(key)
            }
            try #require(index.count == used.count, comment)
            try #require(keys(hash, in: index) == model[hash] ?? [], comment)
            for key in model[hash] ?? [] { try #require(index.hash(of: key) == hash, comment) }
        }
        for number in 0..<400 as Range<UInt64> {
            #expect(keys(number << shift, in: index) == model[number << shift] ?? [])
        }
    }

    @Test("Everything is found before and after each of its growths")
    func growth() {
        var random = SeededRandom(seed: 1)
        var index = HashIndex()
        let hashes = (0..<5_000).map { _ in random.next() }
        for (key, hash) in hashes.enumerated() {
            #expect(index.first(hash) == nil)
            #expect(index.insert(hash) == key)
        }
        for (key, hash) in hashes.enumerated() { #expect(index.first(hash) == key) }
    }

    @Test("A key that is freed is the next to be given out")
    func freed() {
        var index = HashIndex()
        let keys = (0..<5).map { index.insert(UInt64($0)) }
        #expect(keys == [0, 1, 2, 3, 4])
        index.remove(1)
        index.remove(3)
        #expect(index.insert(7) == 3)
        #expect(index.insert(8) == 1)
        #expect(index.insert(9) == 5)
    }

    @Test("A copy is a value of its own")
    func copies() {
        var index = HashIndex()
        for hash in 0..<3_000 as Range<UInt64> { _ = index.insert(hash) }
        let copy = index
        for key in 0..<3_000 { index.remove(key) }
        _ = index.insert(1)
        #expect(index.count == 1 && copy.count == 3_000)
        #expect((0..<3_000).allSatisfy { copy.first(UInt64($0)) == $0 })
    }

    @Test("Two conversations whose IDs share a hash have a lock each")
    func sharedHash() throws {
        let desk = Desk()
        let ids: [ConversationID] = ["ada", "bob", "ada's friend"]
        for id in ids { _ = desk.table.create(id, hash: 5, now: desk.now) }
        func slot(_ id: ConversationID) -> Int? { id.withBytes { desk.table.slot(of: $0, hash: 5) } }
        #expect(ids.map(slot) == [0, 1, 2])
        #expect(slot("cleo") == nil)
        desk.table.delete(1, now: desk.now)
        #expect(ids.map(slot) == [0, nil, 2])
    }
}
