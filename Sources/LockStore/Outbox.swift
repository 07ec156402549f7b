import TicketLock

/// The answers that wait for the disk to have what they speak of, in the order in which they were decided.
struct Outbox {
    struct Letter {
        let outcome: LockOutcome
        let id: ConversationID
        let reply: any LockReply
    }

    private var letters: [Letter] = []
    /// So many of the first speak of nothing that the sync under way will not have made safe.
    private var coveredCount = 0

    mutating func append(_ letter: Letter) { letters.append(letter) }

    /// A sync begins, of all that has been done.
    mutating func cover() { coveredCount = letters.count }

    /// Takes out those that the last sync was of.
    mutating func takeCovered() -> ArraySlice<Letter> {
        defer {
            letters.removeFirst(coveredCount)
            coveredCount = 0
        }
        return letters[..<coveredCount]
    }

    mutating func takeAll() -> [Letter] {
        guard !letters.isEmpty else { return [] }
        defer {
            letters = []
            coveredCount = 0
        }
        return letters
    }
}
