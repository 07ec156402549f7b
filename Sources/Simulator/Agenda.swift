import TicketLock

/// What is to happen, by moment, and in the order in which it was put down.
struct Agenda {
    private struct Item {
        let at: Instant
        let number: Int
        let action: () -> Void

        func isBefore(_ other: Item) -> Bool { (at, number) < (other.at, other.number) }
    }

    /// A heap.
    private var items: [Item] = []
    private var count = 0

    var next: Instant? { items.first?.at }

    mutating func add(at moment: Instant, _ action: @escaping () -> Void) {
        count += 1
        items.append(Item(at: moment, number: count, action: action))
        var child = items.count - 1
        while child > 0, items[child].isBefore(items[(child - 1) / 2]) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> () -> Void {
        let first = items[0]
        let last = items.removeLast()
        guard !items.isEmpty else { return first.action }
        items[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < items.count && items[child].isBefore(items[least]) {
                least = child
            }
            if least == parent { return first.action }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
