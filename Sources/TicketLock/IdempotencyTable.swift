/// Which ticket an idempotency key got, for as long as the ticket lives.
struct IdempotencyTable: Sendable {
    struct Entry: Sendable {
        let number: TicketNumber
        let isAcquire: Bool
        let lifetime: Duration

        /// Whether `request` is the one that got the ticket, sent again.
        func matches(_ request: TicketRequest) -> Bool {
            isAcquire == request.isAcquire && lifetime == request.lifetime
        }
    }
    private struct Key: Hashable {
        let id: ConversationID
        let key: IdempotencyKey
    }
    private var entries: [Key: Entry] = [:]
    private var keys: [FencingToken: Key] = [:]

    var count: Int { entries.count }

    subscript(id: ConversationID, key: IdempotencyKey) -> Entry? {
        entries.isEmpty ? nil : entries[Key(id: id, key: key)]
    }

    mutating func remember(_ request: TicketRequest, of id: ConversationID, as status: TicketStatus) {
        guard let text = request.key else { return }
        let key = Key(id: id, key: text)
        entries[key] = Entry(number: status.number, isAcquire: request.isAcquire, lifetime: request.lifetime)
        keys[status.token] = key
    }

    mutating func forget(_ tokens: [FencingToken]) {
        for token in tokens {
            guard let key = keys.removeValue(forKey: token) else { continue }
            entries[key] = nil
        }
    }
}
