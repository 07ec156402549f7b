import Glibc

/// Standard error as an output of log lines.
enum StandardErrorOutput {
    /// Writes all the bytes, waiting as long as it takes; gives up, as there is nowhere to say so, if
    /// standard error is closed. The process must ignore SIGPIPE.
    static let write: LogQueue.Output = { bytes in
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if count < 0, errno == EAGAIN {
                // Somebody made the terminal or pipe behind it non-blocking.
                var wait = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
            } else if count == 0 || errno != EINTR {
                return
            }
        }
    }

    /// Writes a text that is no log line: before there is a log.
    static func print(_ text: String) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    /// Whether standard error is a terminal.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard error is the journal's stream that the environment's JOURNAL_STREAM names.
    static func isJournal(environment: [String: String]) -> Bool {
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return isJournal(environment["JOURNAL_STREAM"], device: status.st_dev, inode: status.st_ino)
    }

    /// Whether `stream`, `device:inode` in decimal as systemd.exec(5) has it, names that file.
    static func isJournal(_ stream: String?, device: UInt, inode: UInt) -> Bool {
        stream == "\(device):\(inode)"
    }
}
