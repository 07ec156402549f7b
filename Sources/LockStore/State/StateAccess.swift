import CLMDB
import Glibc

/// What to do about a directory or a file of the state that the daemon may not use.
enum StateAccess {
    /// The directory that systemd has made for the service (`StateDirectory=`); nil if none has.
    private static var directoryOfSystemd: String? { getenv("STATE_DIRECTORY").map { String(cString: $0) } }

    /// Ends the sentence that says what has failed with `number`.
    static func advice(_ number: Int32, _ path: String) -> String {
        let directory = directoryOfSystemd
        if number == EROFS, let directory {
            return "systemd lets the service write to \(directory) alone: use that, or add "
                + "ReadWritePaths=\(path) by systemctl edit, for a directory that is there and is "
                + "the service's user's"
        }
        let me = geteuid()
        guard number == EACCES || number == EPERM, let owner = owner(of: path), owner != me else {
            return "store.state_directory must be a directory that the daemon may read and write"
        }
        if let directory, let inner = resolved(path), let outer = resolved(directory),
            inner == outer || inner.hasPrefix(outer + "/")
        {
            return "it belongs to another user, as what root has restored does; chown root:root \(directory) "
                + "and start the service again: systemd then gives all that is in it to the service's user"
        }
        return "it belongs to user \(owner), and the daemon runs as user \(me); give it to that user (chown)"
    }

    private static func owner(of path: String) -> uid_t? {
        uid_t(exactly: clmdb_file_owner(path))
    }

    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}
