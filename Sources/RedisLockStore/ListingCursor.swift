import TicketLock

/// Where a listing goes on: Redis's cursor, and how far what that gives has been listed.
///
/// A page ends where a scan ends, unless a single slot of Redis's table has more keys than a page: those are listed
/// in the order of a hash of their IDs.
struct ListingCursor: Equatable {
    private static let hashBits = 21

    /// As in `SCAN`; below 2^32, which is more keys than Redis has memory for.
    var scan: UInt64
    /// The first hash that is not listed yet.
    var hash: UInt64

    init(scan: UInt64, hash: UInt64 = 0) {
        self.scan = scan
        self.hash = hash
    }

    /// - Parameter integer: 0 for the beginning; below 2^53.
    init(_ integer: Int) {
        let integer = UInt64(max(0, integer))
        scan = integer >> Self.hashBits
        hash = integer & (1 << Self.hashBits - 1)
    }

    var integer: Int { Int(clamping: scan << Self.hashBits | hash) }

    /// The same in every daemon.
    static func hash(of id: ConversationID) -> UInt64 {
        SipHash(key: (0, 0)).hash(id) >> (64 - hashBits)
    }
}
