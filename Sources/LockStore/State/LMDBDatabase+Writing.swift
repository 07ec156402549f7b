import CLMDB
import Glibc
import TicketLock

extension LMDBDatabase {
    /// Changes in a step. Each may write a page, and the pages' numbers then take less than half a page, which stands
    /// for itself. A step that waits for the disk is larger.
    private var stepUpdates: Int { durability == .power ? 1_000 : 200 }

    /// In steps LMDB keeps the file small: it frees a page for each that it writes, uses it again two transactions
    /// later, and puts down what a transaction has freed in adjacent pages, for which the file grows when there are
    /// none.
    func apply(_ updates: inout StateUpdates, meta: StateMeta, inSteps: Bool) throws(LockStateError) {
        if isBroken { try reopen() }
        isBroken = true
        updates.sort()
        let step = inSteps ? stepUpdates : max(1, updates.count)
        var start = 0
        repeat {
            let end = min(start + step, updates.count)
            try commit(updates.items[start..<end], meta: end == updates.count ? meta : nil)
            start = end
        } while start < updates.count
        isBroken = false
    }

    /// One step; the last has what belongs to all.
    func commit(_ updates: ArraySlice<StateUpdates.Update>, meta: StateMeta?)
        throws(LockStateError)
    {
        var largest = largestKeys
        var scratch: [UInt8] = []
        swap(&scratch, &self.scratch)
        defer { swap(&scratch, &self.scratch) }
        let (path, databases, metaDatabase) = (path, databases, metaDatabase)
        try transaction(isReadOnly: false) { transaction throws(LockStateError) in
            for update in updates {
                let (kind, key) = (update.kind, update.key)
                let isAbove = largest[kind].map { key > $0 } ?? true
                if update.value.isEmpty {
                    if !isAbove { try Self.delete(transaction, databases[kind], key, path) }
                    continue
                }
                if isAbove { largest[kind] = key }
                try Self.put(transaction, databases[kind], key, update.value, isLast: isAbove, &scratch, path)
            }
            guard let meta else { return }
            var bytes: (UInt64, UInt64, UInt64, UInt64) = (
                UInt64(truncatingIfNeeded: meta.stateID).littleEndian,
                UInt64(truncatingIfNeeded: meta.stateID >> 64).littleEndian,
                meta.applied.littleEndian, meta.nextToken.littleEndian
            )
            try withUnsafeBytes(of: &bytes) { bytes throws(LockStateError) in
                try Self.put(transaction, metaDatabase, 0, bytes, isLast: false, &scratch, path)
            }
        }
        largestKeys = largest
    }

    private static func put(
        _ transaction: OpaquePointer, _ database: MDB_dbi, _ key: UInt64, _ value: UnsafeRawBufferPointer,
        isLast: Bool, _ scratch: inout [UInt8], _ path: String
    ) throws(LockStateError) {
        var number = key.littleEndian
        let sum = checksum(value, key: key)
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: value)
        withUnsafeBytes(of: sum.littleEndian) { scratch.append(contentsOf: $0) }
        let code = withUnsafeMutableBytes(of: &number) { keyBytes in
            scratch.withUnsafeMutableBytes { valueBytes in
                var key = MDB_val(mv_size: keyBytes.count, mv_data: keyBytes.baseAddress)
                var value = MDB_val(mv_size: valueBytes.count, mv_data: valueBytes.baseAddress)
                return mdb_put(transaction, database, &key, &value, isLast ? UInt32(MDB_APPEND) : 0)
            }
        }
        try check(code, path, "mdb_put")
    }

    private static func delete(
        _ transaction: OpaquePointer, _ database: MDB_dbi, _ key: UInt64, _ path: String
    ) throws(LockStateError) {
        var number = key.littleEndian
        let code = withUnsafeMutableBytes(of: &number) { bytes in
            var key = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
            return mdb_del(transaction, database, &key, nil)
        }
        // It may have come and gone without ever having been here.
        if code != MDB_NOTFOUND { try check(code, path, "mdb_del") }
    }

    /// What a commit has written is on the disk before it writes the page that names it: one of the first two.
    func rewrite(isWhole: Bool) throws(LockStateError) {
        var statistics = MDB_stat()
        try Self.check(mdb_env_stat(environment, &statistics), path, "mdb_env_stat")
        var descriptor: mdb_filehandle_t = -1
        try Self.check(mdb_env_get_fd(environment, &descriptor), path, "mdb_env_get_fd")
        let pageBytes = Int(statistics.ms_psize)
        let end = isWhole ? Int(try byteCount()) : 2 * pageBytes
        var page = [UInt8](repeating: 0, count: pageBytes)
        for offset in stride(from: 0, to: end, by: pageBytes) {
            let count = pread(descriptor, &page, pageBytes, offset)
            guard count > 0, pwrite(descriptor, page, count, offset) == count else {
                throw .system(errno, path, count < 0 ? "pread" : "pwrite")
            }
        }
        guard fdatasync(descriptor) == 0 else { throw .system(errno, path, "fdatasync") }
    }

    func sync() throws(LockStateError) {
        try Self.check(mdb_env_sync(environment, 1), path, "mdb_env_sync")
    }
}
