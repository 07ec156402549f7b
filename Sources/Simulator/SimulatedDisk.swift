import Glibc
import LockStore

/// The disk of a simulated machine: files, as the kernel holds them and as the disk does, which fail as they are told
/// to. One thread's.
package final class SimulatedDisk {
    /// What is wrong with it.
    package struct Faults {
        package var isFull = false
        /// How likely a sync is to fail.
        package var syncFailure = 0.0
        /// How likely a file is not to be read.
        package var readFailure = 0.0
        /// How likely a file is not to be opened, for want of descriptors.
        package var noDescriptors = 0.0

        /// A page that is being written when the power goes is lost altogether.
        package var tearsPages = false

        package init() {}
    }

    /// What it leaves undone, and says that it has done.
    package enum Omission: String, CaseIterable, Sendable {
        /// Of what is synced it has a part.
        case syncs
        /// What the kernel takes to be on the disk is not written anew.
        case rewrites
    }

    struct Names {
        var files: [String: SimulatedInode] = [:]
        var databases: [String: SimulatedDatabaseFile] = [:]
    }

    package let random: SimulatedRandom
    package var faults = Faults()
    package var omission: Omission?
    /// After so many more file operations the process dies; nil: not by itself.
    package var diesAfter: Int?
    /// Is told that the process has died.
    package var onDeath: (() -> Void)?
    /// Is told of a sync in the background that has begun, and ends it.
    package var onSync: ((SimulatedSync) -> Void)?
    package private(set) var operationCount = 0
    /// How often a process has waited for the disk.
    package private(set) var syncCount = 0
    /// Syncs in the background that have begun. Whoever drives the disk ends them.
    package private(set) var pendingSyncs: [SimulatedSync] = []
    private var process: SimulatedFiles?
    var names = Names()
    /// The names as they were since they were last synced: what the disk has is one of them.
    private var pastNames = [Names()]

    package init(random: SimulatedRandom) { self.random = random }

    // MARK: Processes

    /// The files as a new process has them, when the one before is dead.
    package func startProcess() -> SimulatedFiles {
        precondition(process == nil, "there is a process that has not died")
        let new = SimulatedFiles(self)
        process = new
        return new
    }

    package var isProcessAlive: Bool { process != nil }

    /// The process dies: what it still does is not done.
    package func killProcess() {
        guard let process else { return }
        process.isDead = true
        self.process = nil
        diesAfter = nil
        for inode in inodes { inode.detach() }
        onDeath?()
        pendingSyncs = []
    }

    /// The machine dies, and the process with it.
    package func losePower() {
        killProcess()
        names = random.pick(pastNames)
        pastNames = [names]
        for inode in inodes { inode.losePower(tearsPages: faults.tearsPages, random) }
        for database in databases { database.losePower(random) }
    }

    /// The kernel writes some of what it has, and lets go of what it takes to be written.
    package func writeBack() {
        for inode in inodes { inode.writeBack(random) }
    }

    private var inodes: [SimulatedInode] { unique(names.files) }
    private var databases: [SimulatedDatabaseFile] { unique(names.databases) }

    private func unique<File: AnyObject>(_ files: [String: File]) -> [File] {
        var seen: Set<ObjectIdentifier> = []
        return files.sorted { $0.key < $1.key }.map(\.value).filter {
            seen.insert(ObjectIdentifier($0)).inserted
        }
    }

    // MARK: Operations

    /// Every operation on a file begins here: the process may die before it.
    func begin(_ process: SimulatedFiles) throws(LockStateError) {
        if !process.isDead, let left = diesAfter {
            diesAfter = left - 1
            if left <= 0 { killProcess() }
        }
        guard !process.isDead else { throw LockStateError(.failed, "", "the process is dead") }
        operationCount += 1
    }

    func beginOpening(_ process: SimulatedFiles, _ path: String) throws(LockStateError) {
        try begin(process)
        if random.chance(faults.noDescriptors) { throw .system(EMFILE, path, "open") }
        if random.chance(faults.readFailure) { throw .system(EIO, path, "read") }
    }

    func beginWriting(_ process: SimulatedFiles, _ path: String) throws(LockStateError) {
        try begin(process)
        if faults.isFull { throw .system(ENOSPC, path, "write") }
    }

    /// Whether a sync that is done now fails.
    var isSyncFailing: Bool {
        syncCount += 1
        return random.chance(faults.syncFailure)
    }

    func changeNames(_ change: (inout Names) -> Void) {
        change(&names)
        pastNames.append(names)
    }

    func namesAreSynced() { pastNames = [names] }

    func add(_ sync: SimulatedSync) {
        pendingSyncs.append(sync)
        onSync?(sync)
    }

    /// Ends a sync that was begun, unless the process is dead.
    package func end(_ sync: SimulatedSync) {
        guard pendingSyncs.contains(where: { $0 === sync }) else { return }
        pendingSyncs.removeAll { $0 === sync }
        sync.end()
    }
}
