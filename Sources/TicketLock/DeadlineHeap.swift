/// Deadlines by key, earliest first: a binary heap that knows where each key stands, so that a deadline can
/// be moved or removed at the cost of one sift.
///
/// Keys are small integers, the indexes of whatever has the deadlines.
package struct DeadlineHeap: Sendable {
    private struct Entry {
        var due: Instant
        var key: Int32
    }
    private var entries: [Entry] = []
    /// Each key's place in `entries`; -1 for none.
    private var places: [Int32] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    /// The earliest deadline and whose it is.
    package var first: (due: Instant, key: Int)? {
        entries.first.map { ($0.due, Int($0.key)) }
    }

    package func deadline(of key: Int) -> Instant? {
        guard key < places.count, places[key] >= 0 else { return nil }
        return entries[Int(places[key])].due
    }

    /// Gives `key` that deadline in place of any it had.
    package mutating func set(_ key: Int, to due: Instant) {
        if key >= places.count {
            places.append(contentsOf: repeatElement(-1, count: key + 1 - places.count))
        }
        var place = Int(places[key])
        if place < 0 {
            place = entries.count
            entries.append(Entry(due: due, key: Int32(key)))
            places[key] = Int32(place)
        } else {
            guard entries[place].due != due else { return }
            entries[place].due = due
        }
        sift(place)
    }

    /// Takes `key`'s deadline away; nothing happens when it has none.
    package mutating func remove(_ key: Int) {
        guard key < places.count, places[key] >= 0 else { return }
        let place = Int(places[key])
        places[key] = -1
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[Int(last.key)] = Int32(place)
        sift(place)
    }

    package mutating func removeAll() {
        entries.removeAll()
        places.removeAll()
    }

    private mutating func sift(_ start: Int) {
        let entry = entries[start]
        var place = start
        while place > 0, case let parent = (place - 1) / 2, entry.due < entries[parent].due {
            move(from: parent, to: place)
            place = parent
        }
        while true {
            var child = 2 * place + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].due < entries[child].due { child += 1 }
            guard entries[child].due < entry.due else { break }
            move(from: child, to: place)
            place = child
        }
        entries[place] = entry
        places[Int(entry.key)] = Int32(place)
    }

    private mutating func move(from source: Int, to target: Int) {
        entries[target] = entries[source]
        places[Int(entries[target].key)] = Int32(target)
    }
}
