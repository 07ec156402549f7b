import Glibc
package import LockStore

/// The files of a ``SimulatedDisk`` as one process has them, until it dies.
///
/// `@unchecked Sendable`: one thread's, as the disk.
package final class SimulatedFiles: StateDisk, @unchecked Sendable {
    let disk: SimulatedDisk
    package internal(set) var isDead = false

    init(_ disk: SimulatedDisk) { self.disk = disk }

    package func takeDirectory(_ path: String) throws(LockStateError) -> any StateDirectory {
        try disk.beginOpening(self, path)
        return SimulatedDirectory(self, path)
    }

    package func createFile(_ path: String, _ bytes: [UInt8]) throws(LockStateError) {
        try disk.beginOpening(self, path)
        let inode = SimulatedInode(byteCount: bytes.count)
        disk.changeNames { $0.files[path] = inode }
        do throws(LockStateError) {
            let half = disk.random.below(bytes.count)
            for part in [0..<half, half..<bytes.count] {
                try disk.beginWriting(self, path)
                inode.cache.put(bytes[part], at: part.lowerBound)
            }
            try disk.begin(self)
            let isFailing = disk.isSyncFailing
            inode.sync(isFailing: isFailing, disk.random)
            if isFailing { throw .system(EIO, path, "fsync") }
        } catch {
            if !isDead { disk.changeNames { $0.files[path] = nil } }
            throw error
        }
    }

    package func mapFile(_ path: String) throws(LockStateError) -> any MappedFile {
        try disk.beginOpening(self, path)
        guard let inode = disk.names.files[path] else { throw .system(ENOENT, path, "open") }
        return SimulatedFile(self, path, inode)
    }

    package func exists(_ path: String) throws(LockStateError) -> Bool {
        try disk.begin(self)
        return disk.names.files[path] != nil || disk.names.databases[path] != nil
    }

    package func remove(_ path: String) throws(LockStateError) {
        try disk.begin(self)
        guard disk.names.files[path] != nil || disk.names.databases[path] != nil else { return }
        disk.changeNames { names in
            names.files[path] = nil
            names.databases[path] = nil
        }
    }

    package func link(_ path: String, to other: String) throws(LockStateError) {
        try disk.begin(self)
        disk.changeNames { names in
            if let file = names.files[path] { names.files[other] = file }
            if let database = names.databases[path] { names.databases[other] = database }
        }
    }

    package func rename(_ path: String, to other: String) throws(LockStateError) {
        try disk.begin(self)
        disk.changeNames { names in
            if let file = names.files.removeValue(forKey: path) { names.files[other] = file }
            if let database = names.databases.removeValue(forKey: path) { names.databases[other] = database }
        }
    }

    package func openDatabase(
        _ path: String, _ durability: StateDurability, isNew: Bool
    ) throws(LockStateError) -> any StateDatabase {
        try disk.beginOpening(self, path)
        if isNew {
            try disk.beginWriting(self, path)
            let file = SimulatedDatabaseFile()
            disk.changeNames { $0.databases[path] = file }
        }
        guard let file = disk.names.databases[path] else { throw .system(ENOENT, path, "open") }
        return SimulatedDatabase(self, path, file, durability)
    }

    package func byteCount(of path: String) throws(LockStateError) -> UInt64 {
        try disk.beginOpening(self, path)
        guard let file = disk.names.databases[path] else { throw .system(ENOENT, path, "open") }
        return file.cache.byteCount
    }

    package func beginDistrust() {}
    package func endDistrust() {}
    package func random() -> UInt64 { disk.random.next() }
}

/// A directory that the process has taken.
private final class SimulatedDirectory: StateDirectory {
    private let process: SimulatedFiles
    private let path: String

    init(_ process: SimulatedFiles, _ path: String) {
        self.process = process
        self.path = path
    }

    func sync() throws(LockStateError) {
        try process.disk.begin(process)
        if process.disk.isSyncFailing { throw .system(EIO, path, "fsync") }
        process.disk.namesAreSynced()
    }
}
