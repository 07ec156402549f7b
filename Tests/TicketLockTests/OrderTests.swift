import Support
import Testing

@testable import TicketLock

@Suite("Deadlines and ages")
struct OrderTests {
    @Test(
        "A heap of deadlines is as a dictionary searched for its least would be",
        arguments: SeededRandom.seeds(6))
    func deadlines(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var heap = DeadlineHeap()
        var model: [Int: Instant] = [:]
        for step in 0..<3_000 {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), step \(step)"
            let key = Int.random(in: 0..<50, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0:
                heap.removeAll()
                model.removeAll()
            case 1..<55:
                let due = Instant(nanoseconds: Int64.random(in: 0..<40, using: &random))
                heap.set(key, to: due)
                model[key] = due
            case 55..<75:
                guard let first = heap.first else { continue }
                heap.remove(first.key)
                try #require(model.removeValue(forKey: first.key) == first.due, comment)
            default:
                heap.remove(key)
                model[key] = nil
            }
            try #require(heap.count == model.count && heap.isEmpty == model.isEmpty, comment)
            try #require(heap.first?.due == model.values.min(), comment)
            if let first = heap.first { try #require(model[first.key] == first.due, comment) }
            for key in 0..<52 { try #require(heap.deadline(of: key) == model[key], comment) }
        }
    }

    @Test(
        "An age order is as an array that a touched key is moved to the end of",
        arguments: SeededRandom.seeds(6))
    func ages(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var order = AgeOrder()
        var model: [Int] = []
        for step in 0..<3_000 {
            let comment: Comment = "\(TestEnvironment.seedName)=\(seed), step \(step)"
            let key = random.chance(0.2) ? order.first ?? 0 : Int.random(in: 0..<30, using: &random)
            model.removeAll { $0 == key }
            if random.chance(0.55) {
                order.touch(key)
                model.append(key)
            } else {
                order.remove(key)
            }
            try #require(order.first == model.first && order.count == model.count, comment)
            for key in 0..<32 { try #require(order.contains(key) == model.contains(key), comment) }
        }
        // Taken out from the oldest to the newest, the keys come in the model's order.
        var drained: [Int] = []
        while let first = order.first {
            drained.append(first)
            order.remove(first)
        }
        #expect(drained == model)
    }
}
