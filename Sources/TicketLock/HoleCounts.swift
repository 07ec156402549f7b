/// How many holes there are below a place of an array: a Fenwick tree over blocks of places. Taking one in or out and
/// counting take steps by the logarithm of the places.
struct HoleCounts: Sendable {
    static let blockPlaces = 64
    private(set) var count = 0
    /// Of block `i` and those below it whose holes the element with that index has.
    private var sums: [Int32] = []

    /// Notes a hole at `place`.
    mutating func insert(_ place: Int) {
        let block = place / Self.blockPlaces
        while sums.count <= block { appendBlock() }
        add(1, to: block)
    }

    /// Forgets the hole at `place`, which was inserted.
    mutating func remove(_ place: Int) { add(-1, to: place / Self.blockPlaces) }

    mutating func removeAll() { self = HoleCounts() }

    /// Holes in the blocks before the one of `place`.
    func countBefore(blockOf place: Int) -> Int {
        var end = min(place / Self.blockPlaces, sums.count)
        var count = 0
        while end > 0 {
            count += Int(sums[end - 1])
            end &= end - 1
        }
        return count
    }

    private mutating func add(_ change: Int32, to block: Int) {
        count += Int(change)
        var end = block + 1
        while end <= sums.count {
            sums[end - 1] += change
            end += end & -end
        }
    }

    private mutating func appendBlock() {
        let end = sums.count + 1
        var sum: Int32 = 0
        var below = end - 1
        while below > end & (end - 1) {
            sum += sums[below - 1]
            below &= below - 1
        }
        sums.append(sum)
    }
}
