import CLMDB
import Glibc

/// A directory that this process has taken. The kernel gives it back, too, when the process dies.
final class MachineDirectory: StateDirectory {
    private let path: String
    private let descriptor: Int32

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

    deinit { close(descriptor) }

    func sync() throws(LockStateError) {
        guard fsync(descriptor) == 0 else { throw .system(errno, path, "fsync") }
    }
}
