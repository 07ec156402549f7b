/// Keys from the longest unused to the last used: a doubly linked list laid out in arrays.
///
/// Keys are small integers, the indexes of whatever is kept in order.
struct AgeOrder: Sendable {
    private struct Link {
        var older: Int32
        var newer: Int32
    }
    private static let none: Int32 = -1
    private static let absent: Int32 = -2
    private var links = ChunkedArray<Link>()
    private var oldest = none
    private var newest = none
    private(set) var count = 0

    /// The key longest unused.
    var first: Int? { oldest == Self.none ? nil : Int(oldest) }

    func contains(_ key: Int) -> Bool { key < links.count && links[key].older != Self.absent }

    /// Makes room for keys up to `key`, at a moment when few are missing; a later one would find many.
    mutating func makeRoom(for key: Int) {
        while links.count <= key { links.append(Link(older: Self.absent, newer: Self.absent)) }
    }

    /// Makes `key` the last used, whether it was in the order or not.
    mutating func touch(_ key: Int) {
        guard newest != Int32(key) else { return }
        remove(key)
        makeRoom(for: key)
        links[key] = Link(older: newest, newer: Self.none)
        if newest == Self.none { oldest = Int32(key) } else { links[Int(newest)].newer = Int32(key) }
        newest = Int32(key)
        count += 1
    }

    /// Takes `key` out; nothing happens when it is not in.
    mutating func remove(_ key: Int) {
        guard contains(key) else { return }
        let link = links[key]
        if link.older == Self.none { oldest = link.newer } else { links[Int(link.older)].newer = link.newer }
        if link.newer == Self.none { newest = link.older } else { links[Int(link.newer)].older = link.older }
        links[key].older = Self.absent
        count -= 1
    }
}
