import Glibc

/// The right to a Unix socket's path, which one process at a time has: a lock on the file `PATH.lock`, which the
/// kernel gives back when the process dies. Without it two processes that start at once on a socket that a third has
/// left behind both remove it, and the second removes that of the first.
struct PathLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Attempts while others remove the file at their end.
    private static let attemptsMax = 100

    /// Throws when another process has it.
    static func take(_ socketPath: String) throws(HTTPServerError) -> PathLock {
        let path = socketPath + ".lock"
        let name = "unix:\(socketPath)"
        for _ in 0..<attemptsMax {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else {
                throw HTTPServerError(
                    .address,
                    "cannot listen at \(name): cannot open \(path): \(String(cString: strerror(errno)))")
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let number = errno
                close(descriptor)
                let reason =
                    number == EWOULDBLOCK
                    ? "another daemon serves there, or is about to; it holds \(path)"
                    : "cannot lock \(path): \(String(cString: strerror(number)))"
                throw HTTPServerError(.address, "cannot listen at \(name): \(reason)")
            }
            // One that ended in between has removed the file that was opened here; nobody else would see the lock.
            if isSameFile(descriptor, path) { return PathLock(path: path, descriptor: descriptor) }
            close(descriptor)
        }
        throw HTTPServerError(.address, "cannot listen at \(name): \(path) is removed again and again")
    }

    /// Gives it back.
    func release() {
        unlink(path)
        close(descriptor)
    }

    private static func isSameFile(_ descriptor: Int32, _ path: String) -> Bool {
        var (held, named) = (stat(), stat())
        guard fstat(descriptor, &held) == 0, lstat(path, &named) == 0 else { return false }
        return held.st_dev == named.st_dev && held.st_ino == named.st_ino
    }
}
