/// Deadlines by key, earliest first: a heap that knows where each key stands, so that a deadline can be moved
/// or removed at the cost of one sift.
///
/// Keys are small integers, the indexes of whatever has the deadlines. Each entry has four children, which lie
/// side by side: half as many levels as with two.
package struct DeadlineHeap: Sendable {
    private struct Entry {
        var due: Instant
        var key: Int32
    }
    private static let childCount = 4
    private static let none: Int32 = -1
    private var entries: [Entry] = []
    /// Each key's place in `entries`; -1 for none.
    private var places: [Int32] = []

    package init() {}

    /// With room for so many deadlines, each of a key below that: until then nothing is copied to grow. Room that
    /// is not used yet is only address space.
    init(reserving count: Int) {
        entries.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    package var isEmpty: Bool { count == 0 }
    package var count: Int { entries.count }

    /// The earliest deadline and whose it is.
    package var first: (due: Instant, key: Int)? {
        guard !isEmpty else { return nil }
        return (entries[0].due, Int(entries[0].key))
    }

    package func deadline(of key: Int) -> Instant? {
        place(of: key).map { entries[$0].due }
    }

    /// Gives `key` that deadline in place of any it had.
    package mutating func set(_ key: Int, to due: Instant) {
        let entry = Entry(due: due, key: Int32(key))
        if let place = place(of: key) {
            if entries[place].due != due { sift(entry, from: place) }
        } else {
            while places.count <= key { places.append(Self.none) }
            entries.append(entry)
            sift(entry, from: count - 1)
        }
    }

    /// Takes `key`'s deadline away; nothing happens when it has none.
    package mutating func remove(_ key: Int) {
        guard let place = place(of: key) else { return }
        places[key] = Self.none
        let last = entries.removeLast()
        if place < count { sift(last, from: place) }
    }

    package mutating func removeAll() {
        self = DeadlineHeap()
    }

    private func place(of key: Int) -> Int? {
        guard key < places.count, case let place = places[key], place != Self.none else { return nil }
        return Int(place)
    }

    /// Puts `entry` at `start`, or further up for as long as it is earlier than what stands above, or further
    /// down for as long as anything below is earlier.
    private mutating func sift(_ entry: Entry, from start: Int) {
        var place = start
        while place > 0, case let parent = (place - 1) / Self.childCount, entry.due < entries[parent].due {
            move(from: parent, to: place)
            place = parent
        }
        while let child = earliestChild(of: place), entries[child].due < entry.due {
            move(from: child, to: place)
            place = child
        }
        entries[place] = entry
        places[Int(entry.key)] = Int32(place)
    }

    /// The place of the earliest entry below `place`, if there is any.
    private func earliestChild(of place: Int) -> Int? {
        let first = place * Self.childCount + 1
        guard first < entries.count else { return nil }
        var child = first
        var due = entries[first].due
        for other in first + 1..<min(first + Self.childCount, entries.count) where entries[other].due < due {
            child = other
            due = entries[other].due
        }
        return child
    }

    private mutating func move(from source: Int, to target: Int) {
        entries[target] = entries[source]
        places[Int(entries[target].key)] = Int32(target)
    }
}
