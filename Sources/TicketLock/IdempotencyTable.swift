/// Which ticket an idempotency key got, for as long as the ticket lives.
struct IdempotencyTable: Sendable {
    struct Entry: Sendable {
        let number: TicketNumber
        let isAcquire: Bool
        let lifetime: Duration
        /// Requests that have got the ticket and not given it up.
        var callers = 1

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
        put(
            text, of: id, token: status.token,
            Entry(number: status.number, isAcquire: request.isAcquire, lifetime: request.lifetime))
    }

    /// One more request has got the ticket.
    mutating func joined(_ id: ConversationID, _ key: IdempotencyKey) {
        entries[Key(id: id, key: key)]?.callers += 1
    }

    /// One request gives the ticket up; whether it was the last that had it. A ticket without a key has one.
    mutating func left(_ token: FencingToken) -> Bool {
        guard let key = keys[token], let callers = entries[key]?.callers, callers > 1 else { return true }
        entries[key]?.callers = callers - 1
        return false
    }

    /// What the request was that got the ticket, with its key.
    func request(of token: FencingToken) -> (key: IdempotencyKey, entry: Entry)? {
        guard let key = keys[token], let entry = entries[key] else { return nil }
        return (key.key, entry)
    }

    mutating func put(_ text: IdempotencyKey, of id: ConversationID, token: FencingToken, _ entry: Entry) {
        let key = Key(id: id, key: text)
        entries[key] = entry
        keys[token] = key
    }

    mutating func forget(_ tokens: [FencingToken]) {
        for token in tokens {
            guard let key = keys.removeValue(forKey: token) else { continue }
            entries[key] = nil
        }
    }
}
