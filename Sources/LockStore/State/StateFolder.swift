import CLMDB
import Glibc

/// The directory of a state, which one daemon at a time has.
struct StateFolder: ~Copyable {
    let path: String
    private let descriptor: Int32

    var log: String { path + "/changes.log" }
    /// A log that is complete takes its place; until then the state is not there.
    var newLog: String { path + "/changes.log.new" }
    var database: String { path + "/locks.mdb" }
    private var newDatabase: String { path + "/locks.mdb.new" }

    /// Makes the directory if only it itself is missing, and takes it.
    init(_ path: String) throws(LockStateError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system(errno, path, "mkdir") }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno, path, "open") }
        guard clmdb_lock(descriptor) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw .system(number, path, "flock") }
            throw LockStateError(
                .inUse, path,
                "is in use by another daemon; give each its own store.state_directory, or end that one")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            let number = errno
            close(descriptor)
            throw .system(number, path, "access")
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// The kernel gives the directory back, too, when the process dies.
    deinit { close(descriptor) }

    static func isThere(_ path: String) throws(LockStateError) -> Bool {
        if faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return true }
        guard errno == ENOENT else { throw .system(errno, path, "faccessat") }
        return false
    }

    /// Lets `make` write both files, under other names, and then puts them in place of those that are there, which
    /// are put aside as `*.old`. Until `make` has come to its end nothing that is there is touched.
    func replaceFiles(
        _ make: (_ log: String, _ database: String) throws(LockStateError) -> Void
    ) throws(LockStateError) {
        unlink(newDatabase)
        do throws(LockStateError) {
            try make(newLog, newDatabase)
            try Self.putAside(log, keeping: true)
        } catch {
            removeNew()
            throw error
        }
        try Self.putAside(database, keeping: false)
        try Self.rename(newDatabase, to: database)
        try Self.rename(newLog, to: log)
        guard fsync(descriptor) == 0 else { throw .system(errno, path, "fsync") }
    }

    /// As far as it can be done: what stays is in nobody's way.
    private func removeNew() {
        unlink(newLog)
        unlink(newDatabase)
    }

    /// Puts what is there aside under a name that ends with `.old`, in place of what was put aside before.
    private static func putAside(_ path: String, keeping: Bool) throws(LockStateError) {
        guard try isThere(path) else { return }
        let old = path + ".old"
        if unlink(old) != 0, errno != ENOENT { throw .system(errno, old, "unlink") }
        if !keeping { return try rename(path, to: old) }
        if link(path, old) != 0 { throw .system(errno, path, "link") }
    }

    private static func rename(_ path: String, to other: String) throws(LockStateError) {
        if Glibc.rename(path, other) != 0 { throw .system(errno, path, "rename") }
    }
}
