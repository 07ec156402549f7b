import CLMDB
import Glibc

/// The files of the machine.
package struct MachineDisk: StateDisk {
    package init() {}

    package func takeDirectory(_ path: String) throws(LockStateError) -> any StateDirectory {
        try MachineDirectory(path)
    }

    package func createFile(_ path: String, _ bytes: [UInt8]) throws(LockStateError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(errno, path, "open") }
        defer { close(descriptor) }
        do throws(LockStateError) {
            var offset = 0
            while offset < bytes.count {
                let count = bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { throw .system(errno, path, "write") }
                offset += count
            }
            guard fsync(descriptor) == 0 else { throw .system(errno, path, "fsync") }
            // What was written at once the kernel keeps in pieces of up to 2 MiB, each of which is written whole when
            // a byte of it has changed. Read again, a page at a time, it is in pages.
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        } catch {
            unlink(path)
            throw error
        }
    }

    package func mapFile(_ path: String) throws(LockStateError) -> any MappedFile {
        try MachineFile(path)
    }

    package func exists(_ path: String) throws(LockStateError) -> Bool {
        if faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return true }
        guard errno == ENOENT else { throw .system(errno, path, "faccessat") }
        return false
    }

    package func remove(_ path: String) throws(LockStateError) {
        if unlink(path) != 0, errno != ENOENT { throw .system(errno, path, "unlink") }
    }

    package func link(_ path: String, to other: String) throws(LockStateError) {
        if Glibc.link(path, other) != 0 { throw .system(errno, path, "link") }
    }

    package func rename(_ path: String, to other: String) throws(LockStateError) {
        if Glibc.rename(path, other) != 0 { throw .system(errno, path, "rename") }
    }

    package func openDatabase(
        _ path: String, _ durability: StateDurability, isNew: Bool
    ) throws(LockStateError) -> any StateDatabase {
        try LMDBDatabase(path: path, durability: durability, isNew: isNew)
    }

    package func byteCount(of path: String) throws(LockStateError) -> UInt64 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno, path, "open") }
        defer { close(descriptor) }
        let bytes = clmdb_file_bytes(descriptor)
        guard bytes >= 0 else { throw .system(errno, path, "fstat") }
        return UInt64(bytes)
    }

    package func beginDistrust() { clmdb_guard() }
    package func endDistrust() { clmdb_unguard() }

    package func random() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
