import Glibc

/// Why there is no state to be had in a directory. What was there is untouched.
package struct LockStateError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// The directory or a file in it is not there, is no such thing, or may not be read or written.
        case unusable
        /// Another daemon uses it.
        case inUse
        /// A later version has written it.
        case newerFormat
        /// What is there was not written by any version.
        case corrupt
        /// There is no room on the disk.
        case full
        /// The disk or the kernel failed.
        case failed
    }

    package let code: Code
    package let path: String
    /// What is wrong, and what to do.
    package let detail: String

    package init(_ code: Code, _ path: String, _ detail: String) {
        self.code = code
        self.path = path
        self.detail = detail
    }

    package var description: String { "\(path): \(detail)" }

    /// Waiting or trying again may help; with the others somebody has to do something.
    package var isPassing: Bool {
        switch code {
        case .inUse, .full, .failed: true
        case .unusable, .newerFormat, .corrupt: false
        }
    }

    /// What a system call has failed with.
    package static func system(_ number: Int32, _ path: String, _ call: String) -> LockStateError {
        let words = String(cString: strerror(number))
        return switch number {
        case ENOSPC, EDQUOT:
            LockStateError(.full, path, "there is no room on the disk (\(call): \(words)); make some")
        case EACCES, EPERM, EROFS, ENOTDIR, ENOENT, EISDIR, ELOOP, ENAMETOOLONG:
            LockStateError(
                .unusable, path, "cannot be used (\(call): \(words)); " + StateAccess.advice(number, path))
        default: LockStateError(.failed, path, "\(call) failed: \(words)")
        }
    }

    static func corrupt(_ path: String, _ what: String) -> LockStateError {
        LockStateError(
            .corrupt, path,
            "\(what); restore the directory from a backup, or start once with --discard-state, which forgets all "
                + "tickets")
    }
}
