import CLMDB
import Glibc
import TicketLock

extension LMDBDatabase {
    func meta() throws(LockStateError) -> StateMeta {
        let (path, database) = (path, metaDatabase)
        var meta: StateMeta?
        try transaction(isReadOnly: true) { transaction throws(LockStateError) in
            var number: UInt64 = 0
            var value = MDB_val()
            let code = withUnsafeMutableBytes(of: &number) { bytes in
                var key = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
                return clmdb_get(transaction, database, &key, &value)
            }
            guard code != MDB_NOTFOUND else { return }
            try Self.check(code, path, "mdb_get")
            guard let bytes = Self.checked(value, key: 0),
                bytes.count == Self.metaBytes
            else { return }
            meta = StateMeta(
                stateID: bytes.integer(at: 0, UInt128.self), applied: bytes.integer(at: 16, UInt64.self),
                nextToken: bytes.integer(at: 24, UInt64.self))
        }
        guard let meta else { throw .corrupt(path, "is not as it was written") }
        return meta
    }

    func forEach(_ kind: RecordKind, _ body: (Record) -> Bool) throws(LockStateError) {
        let (path, database) = (path, databases[Int(kind.rawValue)])
        var largest: UInt64?
        try transaction(isReadOnly: true) { transaction throws(LockStateError) in
            var statistics = MDB_stat()
            try Self.check(clmdb_stat(transaction, database, &statistics), path, "mdb_stat")
            var cursor: OpaquePointer?
            try Self.check(mdb_cursor_open(transaction, database, &cursor), path, "mdb_cursor_open")
            guard let cursor else { throw .system(ENOMEM, path, "mdb_cursor_open") }
            defer { mdb_cursor_close(cursor) }
            var (key, value) = (MDB_val(), MDB_val())
            var count = 0
            while true {
                let code = clmdb_next(cursor, &key, &value)
                if code == MDB_NOTFOUND { break }
                try Self.check(code, path, "mdb_cursor_get")
                count += 1
                guard key.mv_size == 8, count <= statistics.ms_entries else {
                    throw .corrupt(path, "is not as it was written")
                }
                let number = key.number
                guard largest.map({ $0 < number }) ?? true, let bytes = Self.checked(value, key: number)
                else {
                    throw .corrupt(path, "is not as it was written")
                }
                largest = number
                guard body(Record(kind: kind, key: number, value: bytes)) else {
                    throw .corrupt(path, "has a record that no version writes")
                }
            }
            guard count == statistics.ms_entries else { throw .corrupt(path, "is not as it was written") }
        }
        largestKeys[Int(kind.rawValue)] = largest
    }

    private static let checksumBytes = 8

    static func checksum(_ value: UnsafeRawBufferPointer, key: UInt64) -> UInt64 {
        Checksum.of(value) &+ key &* 0x9e37_79b9_7f4a_7c15
    }

    private static func checked(_ value: MDB_val, key: UInt64) -> UnsafeRawBufferPointer? {
        let bytes = UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
        guard bytes.count >= checksumBytes else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - checksumBytes)])
        let sum = bytes.integer(at: content.count, UInt64.self)
        return sum == checksum(content, key: key) ? content : nil
    }
}
