import Support
import Testing

@testable import TicketLock

@Suite("Where the bytes of IDs lie")
struct IDArenaTests {
    /// An ID of so many bytes; no two of its blocks are alike.
    private func id(_ length: Int, seed: Int = 0) -> ConversationID {
        let bytes = (0..<length).map { UInt8(33 + ($0 * 7 + seed) % 90) }
        return ConversationID(String(decoding: bytes, as: UTF8.self))
    }

    /// Blocks that an ID of so many bytes takes.
    private func blocks(_ length: Int) -> Int { (length + IDArena.blockBytes - 1) / IDArena.blockBytes }

    private static let lengths = [1, 2, 35, 36, 37, 71, 72, 73, 511, 512]

    @Test("An ID of any length comes back byte by byte, and is told from others", arguments: lengths)
    func roundTrip(length: Int) {
        var arena = IDArena()
        let before = id(3).withBytes { arena.insert($0) }
        let text = id(length)
        let reference = text.withBytes { arena.insert($0) }
        _ = id(40, seed: 5).withBytes { arena.insert($0) }
        #expect(arena.id(reference) == text)
        #expect(arena.id(before) == id(3))
        #expect(text.withBytes { arena.holds(reference, $0) })
        for other in Self.lengths {
            #expect(id(other).withBytes { arena.holds(reference, $0) } == (other == length))
            #expect(id(other).withBytes { arena.begins(reference, with: $0) } == (other <= length))
        }
        let changed = ConversationID(String(text.string.dropLast()) + "~")
        #expect(!changed.withBytes { arena.holds(reference, $0) })
        #expect(ConversationID("").withBytes { arena.begins(reference, with: $0) })
    }

    @Test("Characters of several bytes may lie on the edge of a block")
    func characters() {
        var arena = IDArena()
        for start in 30...38 {
            let text = ConversationID(String(repeating: "x", count: start) + "\u{1F600}e\u{301}\u{E9}")
            let reference = text.withBytes { arena.insert($0) }
            #expect(arena.id(reference) == text)
            #expect(text.withBytes { arena.holds(reference, $0) })
        }
    }

    @Test("Freed blocks serve IDs of any other length", arguments: lengths)
    func reuse(length: Int) {
        var arena = IDArena()
        var references = (0..<20).map { seed in id(length, seed: seed).withBytes { arena.insert($0) } }
        #expect(arena.blockCount == 20 * blocks(length))
        for other in Self.lengths {
            for reference in references { arena.remove(reference) }
            let count = arena.blockCount / blocks(other)
            references = (0..<count).map { seed in id(other, seed: seed).withBytes { arena.insert($0) } }
            for seed in references.indices { #expect(arena.id(references[seed]) == id(other, seed: seed)) }
        }
        #expect(arena.blockCount <= max(20 * blocks(length), blocks(512)))
    }

    @Test("IDs that come and go leave the others as they are", arguments: SeededRandom.seeds(4))
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var arena = IDArena()
        var held: [(reference: IDArena.Reference, id: ConversationID)] = []
        for step in 0..<2_000 {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), step \(step)"
            if random.chance((step / 300).isMultiple(of: 2) ? 0.8 : 0.3) {
                let id = id(random.pick(Self.lengths), seed: step)
                held.append((id.withBytes { arena.insert($0) }, id))
            } else if let index = held.indices.randomElement(using: &random) {
                arena.remove(held.remove(at: index).reference)
            }
            guard let some = held.randomElement(using: &random) else { continue }
            try #require(arena.id(some.reference) == some.id, comment)
        }
        for (reference, id) in held { #expect(arena.id(reference) == id) }
    }

    @Test("A copy is a value of its own")
    func copies() {
        var arena = IDArena()
        let reference = id(100).withBytes { arena.insert($0) }
        let copy = arena
        arena.remove(reference)
        _ = id(100, seed: 9).withBytes { arena.insert($0) }
        #expect(copy.id(reference) == id(100))
    }
}
