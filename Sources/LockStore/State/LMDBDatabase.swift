import CLMDB
import Glibc
import TicketLock

/// The records of a state in an LMDB file: a database for each kind, by integer keys, and one for what belongs to
/// all of them. Nobody else has the file open, since the state's directory is locked.
///
/// Every value ends with a checksum over its key and itself, since LMDB has none.
final class LMDBDatabase: StateDatabase {
    /// Room in the address space; the file takes what it needs.
    private static let mapBytes = 1 << 36
    static let metaBytes = 32

    let path: String
    let durability: StateDurability
    private(set) var environment: OpaquePointer
    private(set) var databases: [MDB_dbi]
    private(set) var metaDatabase: MDB_dbi
    /// Writing has failed: LMDB may take no more before the file is opened anew.
    var isBroken = false
    /// No key of the kind is larger: what is put above can be appended, and need not be looked for.
    var largestKeys: [UInt64?]
    var scratch: [UInt8]
    /// Those that LMDB needs for a file: it is opened anew before the old one is closed, and then there may be none.
    private var spares = SpareDescriptors(count: 2)

    /// Opens the file, making it if `isNew`.
    ///
    /// - Parameter durability: `power` lets every step wait for the disk.
    init(path: String, durability: StateDurability, isNew: Bool) throws(LockStateError) {
        (environment, databases, metaDatabase) = try Self.open(path, durability, isNew: isNew)
        self.path = path
        self.durability = durability
        largestKeys = RecordKind.allCases.map { _ in nil }
        scratch = []
    }

    private static func open(
        _ path: String, _ durability: StateDurability, isNew: Bool
    ) throws(LockStateError) -> (environment: OpaquePointer, databases: [MDB_dbi], meta: MDB_dbi) {
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
            let opened = try openDatabases(environment, path, isNew: isNew)
            return (environment, Array(opened.dropLast()), opened[opened.count - 1])
        } catch {
            mdb_env_close(environment)
            throw error
        }
    }

    /// Opens the file anew. What was being written when that failed is there or not.
    func reopen() throws(LockStateError) {
        spares.release()
        defer { spares.take() }
        let new = try Self.open(path, durability, isNew: false)
        mdb_env_close(environment)
        (environment, databases, metaDatabase) = new
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
                largest.append(code == MDB_SUCCESS ? key.number : nil)
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

    /// The file's length, by the descriptor that LMDB has of it.
    func byteCount() throws(LockStateError) -> UInt64 {
        var descriptor: mdb_filehandle_t = -1
        try Self.check(mdb_env_get_fd(environment, &descriptor), path, "mdb_env_get_fd")
        let bytes = clmdb_file_bytes(descriptor)
        guard bytes >= 0 else { throw .system(errno, path, "fstat") }
        return UInt64(bytes)
    }

    func transaction(
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

    static func check(_ code: Int32, _ path: String, _ call: String) throws(LockStateError) {
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

extension MDB_val {
    /// What a key that was found says.
    var number: UInt64 { UInt64(littleEndian: mv_data.loadUnaligned(as: UInt64.self)) }
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
