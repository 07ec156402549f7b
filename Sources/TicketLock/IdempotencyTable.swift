/// Which ticket an idempotency key got, for as long as the ticket lives.
///
/// Two indexes give out the same keys, here called places, as they take up and free them together: one by the
/// conversation and the idempotency key, one by the token. So an entry takes some hundred bytes, and nothing is
/// rehashed at a stroke.
struct IdempotencyTable: Sendable {
    /// The lock that an idempotency key means something in: where it lies, and its ID's hash.
    struct Lock {
        let slot: Int
        let hash: UInt64
    }

    struct Entry: Sendable {
        let number: TicketNumber
        /// Nanoseconds: half the bytes of a `Duration`.
        let lifetime: Int64
        fileprivate let slot: Int32
        fileprivate var key = IDArena.Reference.none
        /// Requests that have got the ticket and not given it up; below 0, one more than there are, for a ticket of
        /// `acquire`.
        private var signedCallers: Int32

        init(number: TicketNumber, isAcquire: Bool, lifetime: Int64, slot: Int, callers: Int = 1) {
            self.number = number
            self.lifetime = lifetime
            self.slot = Int32(slot)
            signedCallers = isAcquire ? ~Int32(clamping: callers) : Int32(clamping: callers)
        }

        var isAcquire: Bool { signedCallers < 0 }

        var callers: Int {
            get { Int(isAcquire ? ~signedCallers : signedCallers) }
            set { signedCallers = isAcquire ? ~Int32(clamping: newValue) : Int32(clamping: newValue) }
        }

        /// Whether `request` is the one that got the ticket, sent again.
        func matches(_ request: TicketRequest) -> Bool {
            isAcquire == request.isAcquire && lifetime == request.lifetime.nanoseconds
        }
    }

    private let hash: SipHash
    private var byKey = HashIndex()
    /// The token stands for its own hash.
    private var byToken = HashIndex()
    private var entries = ChunkedArray<Entry>()
    private var keys = IDArena()

    init(hash: SipHash) {
        self.hash = hash
    }

    var count: Int { byKey.count }

    /// Where the key's entry is, if the conversation has one.
    func place(of key: IdempotencyKey, in lock: Lock) -> Int? {
        guard count > 0 else { return nil }
        return key.withBytes { bytes in
            var found = byKey.first(hash(bytes, lock))
            while let place = found, !isEntry(place, of: bytes, lock) { found = byKey.next(place) }
            return found
        }
    }

    subscript(place: Int) -> Entry { entries[place] }

    mutating func remember(_ request: TicketRequest, in lock: Lock, as status: TicketStatus) {
        guard let key = request.key else { return }
        let entry = Entry(
            number: status.number, isAcquire: request.isAcquire, lifetime: request.lifetime.nanoseconds,
            slot: lock.slot)
        key.withBytes { put($0, in: lock, token: status.token, entry) }
    }

    /// One more request has got the ticket.
    mutating func joined(_ place: Int) { entries[place].callers += 1 }

    /// One request gives the ticket up; whether it was the last that had it. A ticket without a key has one.
    mutating func left(_ token: FencingToken) -> Bool {
        guard let place = byToken.first(token), entries[place].callers > 1 else { return true }
        entries[place].callers -= 1
        return false
    }

    /// What the request was that got the ticket.
    func entry(of token: FencingToken) -> Entry? { byToken.first(token).map { entries[$0] } }

    func keyByteCount(of entry: Entry) -> Int { entry.key.byteCount }

    /// Writes the key's bytes, as many as there are.
    func copyKey(of entry: Entry, to bytes: UnsafeMutableRawBufferPointer) { keys.copy(entry.key, to: bytes) }

    mutating func put(_ key: UnsafeRawBufferPointer, in lock: Lock, token: FencingToken, _ entry: Entry) {
        let place = byKey.insert(hash(key, lock))
        let samePlace = byToken.insert(token)
        precondition(place == samePlace)
        var entry = entry
        entry.key = keys.insert(key)
        if place == entries.count { entries.append(entry) } else { entries[place] = entry }
    }

    mutating func forget(_ tokens: [FencingToken]) {
        for token in tokens {
            guard let place = byToken.first(token) else { continue }
            keys.remove(entries[place].key)
            byKey.remove(place)
            byToken.remove(place)
        }
    }

    /// Nobody who does not know the secret of ``SipHash`` can choose keys or conversations that share one.
    private func hash(_ key: UnsafeRawBufferPointer, _ lock: Lock) -> UInt64 {
        // Turned, since a client may take the conversation's ID for its key.
        hash.hash(key) &+ (lock.hash << 17 | lock.hash >> 47)
    }

    private func isEntry(_ place: Int, of key: UnsafeRawBufferPointer, _ lock: Lock) -> Bool {
        Int(entries[place].slot) == lock.slot && keys.holds(entries[place].key, key)
    }
}
