@testable import TicketLock

/// What is stored of a table, as records by their keys.
enum StoredTable {
    struct Key: Hashable, Comparable {
        let kind: RecordKind
        let key: UInt64

        static func < (left: Key, right: Key) -> Bool {
            (left.kind.rawValue, left.key) < (right.kind.rawValue, right.key)
        }
    }

    /// Applies the records of a buffer, which may say that there is none any more.
    static func apply(_ buffer: borrowing RecordBuffer, to records: inout [Key: [UInt8]]) -> Bool {
        Record.forEach(in: buffer.bytes) { record in
            let key = Key(kind: record.kind, key: record.key)
            records[key] = record.value.isEmpty ? nil : Array(record.value)
        }
    }

    /// Everything there is in a table, whatever has changed of late.
    static func all(of table: inout LockTable, epoch: Int64 = 0) -> [Key: [UInt8]] {
        var buffer = RecordBuffer()
        for slot in 0..<table.slots.count where !table.slots[slot].isFree {
            let place = Int32(slot)
            table.write(.lock(slot: place), to: &buffer, epoch: epoch)
            for ticket in table.slots[slot].lock.tickets {
                let change = Change.ticket(slot: place, number: ticket.number, token: ticket.token)
                table.write(change, to: &buffer, epoch: epoch)
            }
        }
        for key in 0..<table.retained.keyCount {
            table.write(.number(key: Int32(key)), to: &buffer, epoch: epoch)
        }
        var records: [Key: [UInt8]] = [:]
        _ = apply(buffer, to: &records)
        return records
    }

    /// A new table made of records; nil when one of them is refused.
    static func restore(
        _ records: [Key: [UInt8]], limits: LockLimits, hash: SipHash, firstToken: FencingToken,
        epoch: Int64 = 0
    ) -> LockTable? {
        var table = LockTable(limits: limits, firstToken: 0, hash: hash)
        for (key, value) in records.sorted(by: { $0.key < $1.key }) {
            let isGood = value.withUnsafeBytes { value in
                table.restore(Record(kind: key.kind, key: key.key, value: value), epoch: epoch)
            }
            guard isGood else { return nil }
        }
        table.finishRestoring(firstToken: firstToken)
        return table
    }
}
