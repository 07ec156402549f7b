/// Finds keys by the hashes they were made for, and gives the keys out: small integers, free ones again first,
/// the indexes of whatever is to be found.
///
/// Linear hashing: the buckets grow by one for each key more than there ever were, and each time one bucket is
/// split in two. Nothing is ever rehashed at a stroke, so that no operation stalls.
struct HashIndex: Sendable {
    /// In 12 bytes: there is one for every lock.
    private struct Link {
        var low: UInt32
        var high: UInt32
        /// The next key of the bucket, or the next free key; -1 for none.
        var next: Int32

        var hash: UInt64 { UInt64(high) << 32 | UInt64(low) }

        init(_ hash: UInt64, next: Int32) {
            low = UInt32(truncatingIfNeeded: hash)
            high = UInt32(truncatingIfNeeded: hash >> 32)
            self.next = next
        }
    }
    private static let none: Int32 = -1
    /// The first key of each bucket.
    private var heads = ChunkedArray<Int32>()
    /// By key.
    private var links = ChunkedArray<Link>()
    private var firstFree = none
    /// The bits of a hash that choose among twice as many buckets as the last whole doubling had; a bucket that
    /// is not there yet is still part of the one with the highest bit cleared.
    private var mask: UInt64 = 1
    private(set) var count = 0

    init() {
        heads.append(Self.none)
    }

    func hash(of key: Int) -> UInt64 { links[key].hash }

    /// A key of that hash; ``next(_:)`` has the others.
    func first(_ hash: UInt64) -> Int? { search(from: heads[bucket(of: hash)], hash) }

    /// The key of the same hash after `key`.
    func next(_ key: Int) -> Int? { search(from: links[key].next, links[key].hash) }

    private func search(from start: Int32, _ hash: UInt64) -> Int? {
        var key = start
        while key != Self.none {
            let link = links[Int(key)]
            if link.hash == hash { return Int(key) }
            key = link.next
        }
        return nil
    }

    /// A key for that hash, which may have others already.
    mutating func insert(_ hash: UInt64) -> Int {
        let bucket = bucket(of: hash)
        let link = Link(hash, next: heads[bucket])
        let key: Int
        if firstFree == Self.none {
            key = links.count
            links.append(link)
        } else {
            key = Int(firstFree)
            firstFree = links[key].next
            links[key] = link
        }
        heads[bucket] = Int32(key)
        count += 1
        if count > heads.count { split() }
        return key
    }

    /// A key for that hash above all there were, though lower ones are free.
    mutating func insertLast(_ hash: UInt64) -> Int {
        let free = firstFree
        firstFree = Self.none
        defer { firstFree = free }
        return insert(hash)
    }

    /// Makes the key above all there were a free one.
    mutating func skip() {
        links.append(Link(0, next: firstFree))
        firstFree = Int32(links.count - 1)
    }

    /// Frees a key that is in use.
    mutating func remove(_ key: Int) {
        let link = links[key]
        let bucket = bucket(of: link.hash)
        if heads[bucket] == Int32(key) {
            heads[bucket] = link.next
        } else {
            var before = Int(heads[bucket])
            while links[before].next != Int32(key) { before = Int(links[before].next) }
            links[before].next = link.next
        }
        links[key].next = firstFree
        firstFree = Int32(key)
        count -= 1
    }

    private func bucket(of hash: UInt64) -> Int {
        let bucket = Int(hash & mask)
        return bucket < heads.count ? bucket : Int(hash & mask >> 1)
    }

    /// Makes one more bucket and moves the keys to it that it was still part of another for.
    private mutating func split() {
        let new = heads.count
        let old = new & Int(mask >> 1)
        var key = heads[old]
        var stays = Self.none
        var moves = Self.none
        while key != Self.none {
            let link = links[Int(key)]
            if Int(link.hash & mask) == new {
                links[Int(key)].next = moves
                moves = key
            } else {
                links[Int(key)].next = stays
                stays = key
            }
            key = link.next
        }
        heads[old] = stays
        heads.append(moves)
        if heads.count > Int(mask) { mask = mask << 1 | 1 }
    }
}
