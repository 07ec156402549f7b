import TicketLock

extension StateDatabase {
    /// What belongs to all records.
    struct Meta: Equatable {
        var stateID: UInt128
        /// The number of the last entry of the ``ChangeLog`` that is in here.
        var applied: UInt64
        /// The token to go on with.
        var nextToken: FencingToken
    }

    /// What the record under a key is to be.
    struct Update {
        /// By kind, key and order, as one number: thousands are sorted at a time. Keys are below 2^56.
        private let rank: UInt128
        /// Empty: there is to be none.
        let value: UnsafeRawBufferPointer

        /// - Parameter order: of several for the same key the last holds.
        init(_ record: Record, order: Int) {
            rank = UInt128(UInt64(record.kind.rawValue) << 56 | record.key) << 64 | UInt128(order)
            value = record.value
        }

        var kind: Int { Int(truncatingIfNeeded: rank >> 120) }
        var key: UInt64 { UInt64(truncatingIfNeeded: rank >> 64) & (1 << 56 - 1) }

        func isOfSameKey(as other: Update) -> Bool { rank >> 64 == other.rank >> 64 }

        /// By kind and key, with the last of several for a key only.
        static func sort(_ updates: inout [Update]) {
            updates.sort { $0.rank < $1.rank }
            var count = 0
            for index in updates.indices {
                if index + 1 < updates.count, updates[index + 1].isOfSameKey(as: updates[index]) { continue }
                updates[count] = updates[index]
                count += 1
            }
            updates.removeLast(updates.count - count)
        }
    }
}
