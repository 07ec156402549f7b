/// Spans counted by length, for the metrics.
package struct Histogram: Sendable {
    /// Upper bounds of the buckets; what is longer is counted in one more.
    package let bounds: [Duration]
    /// Spans by bucket, not cumulated; one more than ``bounds``.
    package private(set) var counts: [UInt64]
    /// The sum of all spans, in nanoseconds. 64 bits are full after 292 years, which a million tickets that are
    /// held together have been through in two hours and a half.
    package private(set) var totalNanoseconds: Int128 = 0
    private let nanosecondBounds: [Int64]

    package init(bounds: [Duration]) {
        self.bounds = bounds
        nanosecondBounds = bounds.map(\.nanoseconds)
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package mutating func record(nanoseconds: Int64) {
        var bucket = 0
        while bucket < nanosecondBounds.count, nanoseconds > nanosecondBounds[bucket] { bucket += 1 }
        counts[bucket] += 1
        totalNanoseconds += Int128(nanoseconds)
    }
}
