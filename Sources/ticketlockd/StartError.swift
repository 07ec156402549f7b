import Glibc
import HTTPServer
import LockStore

/// Why the daemon cannot start, and the exit status that says so.
struct StartError: Error, CustomStringConvertible {
    let description: String
    /// 69 if an address or the store is unavailable, 71 if the system refuses what every daemon needs, 78 if somebody
    /// must do something about the settings or the state on disk.
    let status: Int32

    init(_ description: String, status: Int32) {
        self.description = description
        self.status = status
    }

    /// What a part of the daemon has failed with. What has no status of its own is the system's refusal.
    init(_ error: any Error) {
        description = "\(error)"
        status =
            switch error {
            case let error as StartError: error.status
            case let error as LockStateError: error.isPassing ? EX_UNAVAILABLE : EX_CONFIG
            case let error as HTTPServerError: error.code == .address ? EX_UNAVAILABLE : EX_OSERR
            default: EX_OSERR
            }
    }
}
