import TicketLock

/// What is to change in a ``StateDatabase``: of all that comes for a key the last. Valid for as long as the bytes
/// of the records are.
package struct StateUpdates {
    /// What the record under a key is to be.
    package struct Update {
        /// By kind, key and order, as one number: thousands are sorted at a time. Keys are below 2^56.
        fileprivate let rank: UInt128
        /// Empty: there is to be none.
        package fileprivate(set) var value: UnsafeRawBufferPointer

        package var kind: Int { Int(truncatingIfNeeded: rank >> 120) }
        package var key: UInt64 { UInt64(truncatingIfNeeded: rank >> 64) & (1 << 56 - 1) }

        fileprivate func isOfSameKey(as other: Update) -> Bool { rank >> 64 == other.rank >> 64 }
    }

    private static let recentBits = 10

    package private(set) var items: [Update] = []
    /// By a hash of the key, where an item was added last; -1 for nowhere. What changes again and again, as most
    /// does, need not be sorted then.
    private var recent = [Int32](repeating: -1, count: 1 << recentBits)

    package var count: Int { items.count }

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        for place in recent.indices { recent[place] = -1 }
    }

    mutating func add(_ record: Record) {
        let key = UInt64(record.kind.rawValue) << 56 | record.key
        let update = Update(rank: UInt128(key) << 64 | UInt128(items.count), value: record.value)
        let place = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - Self.recentBits))
        let index = Int(recent[place])
        if index >= 0, items[index].isOfSameKey(as: update) {
            items[index].value = update.value
        } else {
            recent[place] = Int32(items.count)
            items.append(update)
        }
    }

    /// Puts them in the order of kinds and keys, with the last of several for a key only.
    package mutating func sort() {
        items.sort { $0.rank < $1.rank }
        var count = 0
        for index in items.indices {
            if index + 1 < items.count, items[index + 1].isOfSameKey(as: items[index]) { continue }
            items[count] = items[index]
            count += 1
        }
        items.removeLast(items.count - count)
    }
}
