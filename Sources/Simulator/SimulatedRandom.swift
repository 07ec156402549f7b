/// Chance that is the same for the same seed: SplitMix64. All that happens in one step of a run draws from the
/// generator of that step, so that steps can be left out without changing the others.
package final class SimulatedRandom {
    private var state: UInt64 = 0

    package init(seed: UInt64) { state = seed }

    /// Goes on with the numbers of another seed.
    package func begin(_ seed: UInt64, step: UInt64) {
        state = seed &* 0xd134_2543_de82_ef95 &+ step &* 0x2545_f491_4f6c_dd1d
        _ = next()
    }

    package func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    /// Whether an event of that probability happens.
    package func chance(_ probability: Double) -> Bool { Double(next() >> 11) < probability * 0x1p53 }

    /// A number from 0 to below `end`, which is above 0.
    package func below(_ end: Int) -> Int { Int(next() % UInt64(end)) }

    /// One of `choices`, which is not empty.
    package func pick<Choice>(_ choices: [Choice]) -> Choice { choices[below(choices.count)] }

    /// A number of the range, small ones as likely as large ones.
    package func span(_ range: ClosedRange<Int64>) -> Int64 {
        let bits = 64 - (range.upperBound - range.lowerBound).leadingZeroBitCount
        let width = below(bits + 1)
        let number = width == 0 ? 0 : Int64(next() >> UInt64(64 - width))
        return min(range.lowerBound + number, range.upperBound)
    }
}
