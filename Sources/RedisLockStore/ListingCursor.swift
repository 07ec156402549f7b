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

    static func hash(of id: ConversationID) -> UInt64 {
        // FNV-1a leaves IDs that differ in their last byte close together: mixed as MurmurHash3 ends.
        var hash = id.stableHash
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return hash >> (64 - hashBits)
    }
}
