/// A random number generator that gives the same numbers for the same seed: SplitMix64.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    /// The seeds to run a random test with: `count` that are the same in every run, and one that never is; or
    /// only the one in ``TestEnvironment/seedName``.
    package static func seeds(_ count: Int) -> [UInt64] {
        if let seed = TestEnvironment.number(TestEnvironment.seedName) { return [seed] }
        return (1...UInt64(count)) + [UInt64.random(in: 1_000...9_999_999)]
    }

    /// Whether an event of that probability happens.
    package mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < probability
    }

    /// One of `choices`, which is not empty.
    package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int.random(in: choices.indices, using: &self)]
    }
}
