import EventLoop
import Glibc
import LockStore

/// A file of a ``SimulatedDisk`` that a process has mapped.
final class SimulatedFile: MappedFile {
    private let process: SimulatedFiles
    private let path: String
    fileprivate let inode: SimulatedInode
    /// What was mapped: the process's own when it is dead.
    private let pages: SimulatedPages

    init(_ process: SimulatedFiles, _ path: String, _ inode: SimulatedInode) {
        self.process = process
        self.path = path
        self.inode = inode
        pages = inode.cache
    }

    var memory: UnsafeMutableRawBufferPointer { pages.bytes }

    func sync() -> Int32 {
        guard isAlive else { return EIO }
        return syncNow()
    }

    /// The process lives.
    fileprivate var isMapped: Bool { !process.isDead }

    fileprivate var isAlive: Bool {
        do throws(LockStateError) {
            try process.disk.begin(process)
            return true
        } catch {
            return false
        }
    }

    fileprivate func syncNow() -> Int32 {
        let isFailing = process.disk.isSyncFailing
        inode.sync(isFailing: isFailing || process.disk.omission == .syncs, process.disk.random)
        return isFailing ? EIO : 0
    }

    func rewrite(_ bytes: Range<Int>) -> Int32 {
        guard isAlive else { return EIO }
        if process.disk.omission != .rewrites { inode.markDirty(bytes) }
        return 0
    }

    func makeSync(on loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) -> (any BackgroundSync)? {
        SimulatedSync(process.disk, self, loop, done)
    }
}

/// A sync that goes on while its process does. It ends when the driver of the disk says so.
///
/// `@unchecked Sendable`: one thread's, as the disk.
package final class SimulatedSync: BackgroundSync, @unchecked Sendable {
    private let disk: SimulatedDisk
    private let file: SimulatedFile
    private let loop: EventLoop
    private let done: @Sendable (Int32) -> Void

    fileprivate init(
        _ disk: SimulatedDisk, _ file: SimulatedFile, _ loop: EventLoop,
        _ done: @escaping @Sendable (Int32) -> Void
    ) {
        self.loop = loop
        self.disk = disk
        self.file = file
        self.done = done
    }

    package func begin() {
        guard file.isMapped else { return loop.submit { [self] in done(EIO) } }
        disk.add(self)
    }

    func end() { done(file.isAlive ? file.syncNow() : EIO) }
}
