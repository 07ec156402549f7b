/// Lets so many lines a second through, and counts those that it leaves out.
struct LogLimit {
    private let countMax: Int
    private var secondBegan: Int64?
    private var count = 0
    private(set) var leftOut = 0

    init(perSecond countMax: Int) { self.countMax = countMax }

    /// When the second that counts is over, by the same clock as ``admit(now:)``.
    var secondEnds: Int64 { (secondBegan ?? 0) + 1_000_000_000 }

    /// Whether a line may be written now: nanoseconds of a clock that only goes on.
    mutating func admit(now: Int64) -> Bool {
        if secondBegan == nil || now >= secondEnds {
            secondBegan = now
            count = 0
        }
        guard count < countMax else {
            leftOut += 1
            return false
        }
        count += 1
        return true
    }

    /// Counts lines that nobody has tried to write.
    mutating func leaveOut(_ more: Int) { leftOut += more }

    /// How many were left out since this was asked last.
    mutating func takeLeftOut() -> Int {
        defer { leftOut = 0 }
        return leftOut
    }
}
