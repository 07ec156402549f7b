import TicketLock

/// What happened to tickets in a script, as `note` in `changing.lua` has it: triples of what, which, and a span.
struct ScriptJournal: Sequence, IteratorProtocol {
    enum What: Int64 {
        case served = 1
        case finished, withdrawn, expired, timedOut, deleted, unheard
    }

    struct Happening {
        let what: What
        /// Whether the ticket has an idempotency key.
        let isKeyed: Bool
        let number: TicketNumber
        /// From issue to being served, or from then to the end; negative when it never was.
        let microseconds: Int64
    }

    private static let whatMask: Int64 = 15
    private static let keyedBit: Int64 = 16

    private var numbers: ArraySlice<Int64>

    init(_ numbers: ArraySlice<Int64>) {
        self.numbers = numbers
    }

    var isEmpty: Bool { numbers.isEmpty }

    mutating func next() -> Happening? {
        while let code = numbers.popFirst(), let number = numbers.popFirst(), let span = numbers.popFirst() {
            // What a later version notes is passed over.
            guard let what = What(rawValue: code & Self.whatMask) else { continue }
            return Happening(
                what: what, isKeyed: code & Self.keyedBit != 0, number: number, microseconds: span)
        }
        return nil
    }
}
