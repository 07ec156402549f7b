/// The directory of a state, which one daemon at a time has, and the files in it.
struct StateFolder {
    let path: String
    let disk: any StateDisk
    private let directory: any StateDirectory

    var log: String { path + "/changes.log" }
    /// A log that is complete takes its place; until then the state is not there.
    var newLog: String { path + "/changes.log.new" }
    var database: String { path + "/locks.mdb" }
    private var newDatabase: String { path + "/locks.mdb.new" }

    /// Makes the directory if only it itself is missing, and takes it.
    init(_ path: String, on disk: any StateDisk) throws(LockStateError) {
        directory = try disk.takeDirectory(path)
        self.path = path
        self.disk = disk
    }

    /// Waits until the disk has the names of the files.
    func sync() throws(LockStateError) { try directory.sync() }

    /// Lets `make` write both files, under other names, and then puts them in place of those that are there, which
    /// are put aside as `*.old`. Until `make` has come to its end nothing that is there is touched.
    func replaceFiles(
        _ make: (_ log: String, _ database: String) throws(LockStateError) -> Void
    ) throws(LockStateError) {
        try disk.remove(newDatabase)
        do throws(LockStateError) {
            try make(newLog, newDatabase)
            try putAside(log, keeping: true)
        } catch {
            removeNew()
            throw error
        }
        try putAside(database, keeping: false)
        try disk.rename(newDatabase, to: database)
        try disk.rename(newLog, to: log)
        try directory.sync()
    }

    /// Lets `make` write another log, and puts it in place of the one that is there.
    func replaceLog(_ make: (_ log: String) throws(LockStateError) -> Void) throws(LockStateError) {
        try make(newLog)
        try disk.rename(newLog, to: log)
        try directory.sync()
    }

    /// As far as it can be done: what stays is in nobody's way.
    private func removeNew() {
        for path in [newLog, newDatabase] {
            do throws(LockStateError) { try disk.remove(path) } catch { continue }
        }
    }

    /// Puts what is there aside under a name that ends with `.old`, in place of what was put aside before.
    private func putAside(_ path: String, keeping: Bool) throws(LockStateError) {
        guard try disk.exists(path) else { return }
        let old = path + ".old"
        try disk.remove(old)
        if !keeping { return try disk.rename(path, to: old) }
        try disk.link(path, to: old)
    }
}
