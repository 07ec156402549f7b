/// What the state on disk needs of the machine beside its clocks: files, and what is random. ``MachineDisk`` is the
/// real one; a simulator has one that fails at will.
///
/// Nothing here is called by an operation that finds room in the log: that one writes to ``MappedFile/memory``.
package protocol StateDisk: Sendable {
    /// Makes the directory if only it itself is missing, and takes it for this process alone until the object goes.
    func takeDirectory(_ path: String) throws(LockStateError) -> any StateDirectory
    /// Makes a file of these bytes, in place of one that is there, and waits until they lie on the disk.
    func createFile(_ path: String, _ bytes: [UInt8]) throws(LockStateError)
    /// Maps a file that is there into memory.
    func mapFile(_ path: String) throws(LockStateError) -> any MappedFile
    func exists(_ path: String) throws(LockStateError) -> Bool
    /// Removes a file if it is there.
    func remove(_ path: String) throws(LockStateError)
    func link(_ path: String, to other: String) throws(LockStateError)
    func rename(_ path: String, to other: String) throws(LockStateError)
    /// Opens a database that is there, or makes one.
    ///
    /// - Parameter durability: `power` lets every commit wait for the disk.
    func openDatabase(
        _ path: String, _ durability: StateDurability, isNew: Bool
    ) throws(LockStateError) -> any StateDatabase
    /// Bytes of a file.
    func byteCount(of path: String) throws(LockStateError) -> UInt64
    /// Between the two a database may be read that is not as it was written.
    func beginDistrust()
    func endDistrust()
    func random() -> UInt64
}

/// A directory that is taken; given back when the object goes, or the process dies.
package protocol StateDirectory: AnyObject {
    /// Waits until the names of its files lie on the disk.
    func sync() throws(LockStateError)
}
