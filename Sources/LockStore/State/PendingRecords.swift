import TicketLock

/// The records of a log that the database has not taken over, the last of each key, in the order of the keys.
struct PendingRecords {
    private var records: [[Record]] = RecordKind.allCases.map { _ in [] }
    /// Above the tokens of all of them, also of tickets that are gone.
    private(set) var nextToken: FencingToken = 0

    init(_ log: inout ChangeLog, after applied: UInt64, isWhole: Bool) throws(LockStateError) {
        var found = StateUpdates()
        try log.recover(after: applied, isWhole: isWhole) { entry in
            Record.forEach(in: entry) { found.add($0) }
        }
        found.sort()
        for update in found.items {
            let kind = RecordKind.allCases[update.kind]
            if kind == .ticket { nextToken = max(nextToken, update.key + 1) }
            records[update.kind].append(Record(kind: kind, key: update.key, value: update.value))
        }
    }

    /// Calls `body` with what database and log together hold of a kind, in the order of the keys, until it says
    /// that a record is none; false then, if it was the log's.
    func merge(
        _ kind: RecordKind, _ database: any StateDatabase, _ body: (Record) -> Bool
    ) throws(LockStateError) -> Bool {
        let pending = records[Int(kind.rawValue)]
        var next = 0
        var isGood = true
        func takePending(before end: UInt64?) {
            while isGood, next < pending.count, end.map({ pending[next].key < $0 }) ?? true {
                if !pending[next].value.isEmpty { isGood = body(pending[next]) }
                next += 1
            }
        }
        try database.forEach(kind) { record in
            takePending(before: record.key)
            // One that the log has replaced comes next.
            if next < pending.count, pending[next].key == record.key { return true }
            return !isGood || body(record)
        }
        takePending(before: nil)
        return isGood
    }
}
