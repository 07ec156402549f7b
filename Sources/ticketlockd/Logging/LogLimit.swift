/// Lets so many lines a second through, and counts those that it leaves out.
struct LogLimit {
    private let countMax: Int
    private var secondBegan: Int64 = .min
    private var count = 0
    private(set) var leftOut = 0

    init(perSecond countMax: Int) { self.countMax = countMax }

    /// Whether a line may be written now (nanoseconds of a clock that only goes on), and how many were left out
    /// before it; nil when it is left out itself.
    mutating func admit(now: Int64) -> Int? {
        if secondBegan == .min || now - secondBegan >= 1_000_000_000 {
            secondBegan = now
            count = 0
        }
        guard count < countMax else {
            leftOut += 1
            return nil
        }
        count += 1
        defer { leftOut = 0 }
        return leftOut
    }

    /// Counts lines that nobody has tried to write.
    mutating func leaveOut(_ more: Int) { leftOut += more }
}
