import CLMDB
import Glibc
import TicketLock

/// The records of a state in an LMDB file: a database for each kind, by integer keys, and one for what belongs to
/// all of them. Nobody else has the file open, since the state's directory is locked.
///
/// Every value ends with a checksum over its key and itself, since LMDB has none.
struct StateDatabase: ~Copyable {
    /// Room in the address space; the file takes what it needs.
    private static let mapBytes = 1 << 36
    private static let checksumBytes = 8
    private static let metaBytes = 32
    /// Each may write a page; the pages' numbers then take less than half a page, which stands for itself.
    static let stepUpdates = 200

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

    let path: String
    private let durability: StateDurability
    private var environment: OpaquePointer
    private var databases: [MDB_dbi]
    private var metaDatabase: MDB_dbi
    /// Writing has failed: LMDB may take no more before the file is opened anew.
    private var isBroken = false
    /// No key of the kind is larger: what is put above can be appended, and need not be looked for.
    private var largestKeys: [UInt64?]
    private var scratch: [UInt8]

    /// Opens the file, making it if `isNew`.
    ///
    /// - Parameter durability: `power` lets every commit wait for the disk.
    init(path: String, durability: StateDurability, isNew: Bool) throws(LockStateError) {
        let (environment, opened) = try Self.open(path, durability, isNew: isNew)
        self.path = path
        self.durability = durability
        self.environment = environment
        databases = Array(opened.dropLast())
        metaDatabase = opened[opened.count - 1]
        largestKeys = RecordKind.allCases.map { _ in nil }
        scratch = []
    }

    private static func open(
        _ path: String, _ durability: StateDurability, isNew: Bool
    ) throws(LockStateError) -> (environment: OpaquePointer, databases: [MDB_dbi]) {
        var environment: OpaquePointer?
        try check(mdb_env_create(&environment), path, "mdb_env_create")
        guard let environment else { throw .system(ENOMEM, path, "mdb_env_create") }
        do throws(LockStateError) {
            try check(mdb_env_set_maxdbs(environment, 4), path, "mdb_env_set_maxdbs")
            try check(mdb_env_set_mapsize(environment, mapBytes), path, "mdb_env_set_mapsize")
            // Without MDB_WRITEMAP: a disk that is full shall be an error, not a signal.
            let syncing = durability == .power ? 0 : MDB_NOSYNC
            let flags = UInt32(MDB_NOSUBDIR | MDB_NOLOCK | syncing)
            try check(mdb_env_open(environment, path, flags, 0o600), path, "mdb_env_open")
            return (environment, try openDatabases(environment, path, isNew: isNew))
        } catch {
            mdb_env_close(environment)
            throw error
        }
    }

    /// Opens the file anew. What was being written when that failed is there or not.
    private mutating func reopen() throws(LockStateError) {
        let (new, opened) = try Self.open(path, durability, isNew: false)
        mdb_env_close(environment)
        environment = new
        databases = Array(opened.dropLast())
        metaDatabase = opened[opened.count - 1]
        let (path, databases) = (path, databases)
        var largest: [UInt64?] = []
        try transaction(isReadOnly: true) { transaction throws(LockStateError) in
            for database in databases {
                var cursor: OpaquePointer?
                try Self.check(mdb_cursor_open(transaction, database, &cursor), path, "mdb_cursor_open")
                defer { mdb_cursor_close(cursor) }
                var (key, value) = (MDB_val(), MDB_val())
                let code = mdb_cursor_get(cursor, &key, &value, MDB_LAST)
                if code != MDB_NOTFOUND { try Self.check(code, path, "mdb_cursor_get") }
                let isThere = code == MDB_SUCCESS
                largest.append(
                    isThere ? UInt64(littleEndian: key.mv_data.loadUnaligned(as: UInt64.self)) : nil)
            }
        }
        largestKeys = largest
        isBroken = false
    }

    deinit { mdb_env_close(environment) }

    /// Those of the kinds, and the one of what belongs to all.
    private static func openDatabases(
        _ environment: OpaquePointer, _ path: String, isNew: Bool
    ) throws(LockStateError) -> [MDB_dbi] {
        let flags = UInt32(MDB_INTEGERKEY | (isNew ? MDB_CREATE : 0))
        var opened: [MDB_dbi] = []
        try transaction(environment, path, isReadOnly: !isNew) { transaction throws(LockStateError) in
            for name in RecordKind.allCases.map(\.databaseName) + ["meta"] {
                var database: MDB_dbi = 0
                let code = clmdb_dbi_open(transaction, name, flags, &database)
                guard code != MDB_NOTFOUND else { throw .corrupt(path, "has no \(name)") }
                try check(code, path, "mdb_dbi_open")
                opened.append(database)
            }
        }
        return opened
    }

    /// The file's length: it only ever grows, and cut off it would be a signal when its end is read.
    static func fileBytes(_ path: String) throws(LockStateError) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(errno, path, "stat") }
        return UInt64(status.st_size)
    }

    // MARK: Reading

    /// Between the two a file may be read that is not as it was written; LMDB itself does not look.
    static func beginDistrust() { clmdb_guard() }
    static func endDistrust() { clmdb_unguard() }

    func meta() throws(LockStateError) -> Meta {
        let (path, database) = (path, metaDatabase)
        var meta: Meta?
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
            meta = Meta(
                stateID: bytes.integer(at: 0, UInt128.self), applied: bytes.integer(at: 16, UInt64.self),
                nextToken: bytes.integer(at: 24, UInt64.self))
        }
        guard let meta else { throw .corrupt(path, "is not as it was written") }
        return meta
    }

    /// Calls `body` with every record of a kind in the order of the keys; it says whether to go on.
    mutating func forEach(_ kind: RecordKind, _ body: (Record) -> Bool) throws(LockStateError) {
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
                let number = UInt64(littleEndian: key.mv_data.loadUnaligned(as: UInt64.self))
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

    private static func checksum(_ value: UnsafeRawBufferPointer, key: UInt64) -> UInt64 {
        Checksum.of(value) &+ key &* 0x9e37_79b9_7f4a_7c15
    }

    private static func checked(_ value: MDB_val, key: UInt64) -> UnsafeRawBufferPointer? {
        let bytes = UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
        guard bytes.count >= checksumBytes else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - checksumBytes)])
        let sum = bytes.integer(at: content.count, UInt64.self)
        return sum == checksum(content, key: key) ? content : nil
    }

    // MARK: Writing

    /// Makes the records what `updates` say, or throws. Then nothing has changed; or, if `inSteps`, some records have,
    /// but not what belongs to all: the same updates must come again.
    ///
    /// In steps LMDB keeps the file small: it frees a page for each that it writes, uses it again two transactions
    /// later, and puts down what a transaction has freed in adjacent pages, for which the file grows when there are
    /// none.
    mutating func apply(_ updates: inout [Update], meta: Meta, inSteps: Bool) throws(LockStateError) {
        if isBroken { try reopen() }
        isBroken = true
        Update.sort(&updates)
        let step = inSteps ? Self.stepUpdates : max(1, updates.count)
        var start = 0
        repeat {
            let end = min(start + step, updates.count)
            try commit(updates[start..<end], meta: end == updates.count ? meta : nil)
            start = end
        } while start < updates.count
        isBroken = false
    }

    private mutating func commit(_ updates: ArraySlice<Update>, meta: Meta?) throws(LockStateError) {
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

    /// Gives a new file what belongs to all records, of which it has none yet, and waits for the disk.
    consuming func begin(_ meta: Meta) throws(LockStateError) {
        var none: [Update] = []
        try apply(&none, meta: meta, inSteps: false)
        try sync()
    }

    /// Waits until all there is lies on the disk.
    func sync() throws(LockStateError) {
        try Self.check(mdb_env_sync(environment, 1), path, "mdb_env_sync")
    }

    private func transaction(
        isReadOnly: Bool, _ body: (OpaquePointer) throws(LockStateError) -> Void
    ) throws(LockStateError) {
        try Self.transaction(environment, path, isReadOnly: isReadOnly, body)
    }

    private static func transaction(
        _ environment: OpaquePointer, _ path: String, isReadOnly: Bool,
        _ body: (OpaquePointer) throws(LockStateError) -> Void
    ) throws(LockStateError) {
        var transaction: OpaquePointer?
        let flags = isReadOnly ? UInt32(MDB_RDONLY) : 0
        try check(mdb_txn_begin(environment, nil, flags, &transaction), path, "mdb_txn_begin")
        guard let transaction else { throw .system(ENOMEM, path, "mdb_txn_begin") }
        do throws(LockStateError) {
            try body(transaction)
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        try check(mdb_txn_commit(transaction), path, "mdb_txn_commit")
    }

    private static func check(_ code: Int32, _ path: String, _ call: String) throws(LockStateError) {
        switch code {
        case MDB_SUCCESS: return
        case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_BAD_VALSIZE, MDB_INCOMPATIBLE, MDB_BAD_TXN,
            MDB_BAD_DBI, MDB_CURSOR_FULL, MDB_PAGE_FULL, MDB_PANIC, CLMDB_TRAPPED:
            throw .corrupt(path, "is not as it was written (\(call): \(String(cString: mdb_strerror(code))))")
        case MDB_VERSION_MISMATCH:
            throw LockStateError(
                .newerFormat, path,
                "was written by another version of LMDB; start the version that wrote it, or start once with "
                    + "--discard-state, which forgets all tickets")
        case MDB_MAP_FULL: throw .system(ENOSPC, path, call)
        default: throw .system(code, path, call)
        }
    }
}

extension RecordKind {
    fileprivate var databaseName: String {
        switch self {
        case .lock: "locks"
        case .ticket: "tickets"
        case .number: "numbers"
        }
    }
}
