/// How long the turns of the loop took, as a histogram.
package struct TurnTimes: Sendable {
    /// Upper bounds of the buckets, in nanoseconds; what is longer is counted in one more.
    package static let bounds: [UInt64] = [
        100_000, 1_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000, 1_000_000_000,
    ]

    /// Turns by bucket, not cumulated; one more than ``bounds``.
    package private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    package private(set) var totalNanoseconds: UInt64 = 0

    mutating func record(nanoseconds: UInt64) {
        let bucket = Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
        counts[bucket] += 1
        totalNanoseconds += nanoseconds
    }
}
