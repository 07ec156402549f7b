import CSystemd
import EventLoop
import Glibc
import TicketLock

/// What systemd is told (sd_notify(3)) and what it passes (sd_listen_fds(3)). Does nothing without systemd.
///
/// The protocol of sd_notify is spoken here, by a socket that is held: sd_notify opens one each time, and without one
/// left the watchdog would end a daemon that is well.
struct ServiceManager: Sendable {
    /// What the unit's TimeoutStopSec, 60 s, leaves for the end but for the disk.
    private static let usualEnd: Duration = .seconds(10)
    /// Above what the daemon takes to end by itself, for a slow disk to take its state.
    private static let diskPatience: Duration = .seconds(50)

    private let descriptor: Int32
    /// A `sockaddr_un`, as long as it is used.
    private let address: [UInt8]

    /// - Parameter environment: has NOTIFY_SOCKET if there is anybody to tell.
    init(environment: [String: String]) throws(StartError) {
        guard let address = environment["NOTIFY_SOCKET"].flatMap(Self.address) else {
            (descriptor, self.address) = (-1, [])
            return
        }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.address = address
        guard descriptor >= 0 else {
            throw StartError(
                "no socket to notify systemd by: \(String(cString: strerror(errno)))", status: EX_OSERR)
        }
    }

    /// The sockets systemd has passed to this process, in its order. Taken once: child processes see none.
    static func takeSockets() -> [Int32] {
        let count = sd_listen_fds(1)
        return count > 0 ? (0..<count).map { SD_LISTEN_FDS_START + $0 } : []
    }

    func ready(_ status: String) { notify("READY=1\nSTATUS=\(status)") }
    func reloading() { notify("RELOADING=1") }
    func alive() { notify("WATCHDOG=1") }

    /// - Parameter span: the longest that the end may take but for the disk. When that is more than the unit allows
    ///   for, systemd is asked for as much; else its TimeoutStopSec stands, whatever it is.
    func stopping(within span: Duration) {
        var state = "STOPPING=1\nSTATUS=shutting down"
        if span > Self.usualEnd {
            state = "EXTEND_TIMEOUT_USEC=\((span + Self.diskPatience).nanoseconds / 1000)\n" + state
        }
        notify(state)
    }

    /// How often systemd wants to hear that the loop turns, halved to be on the safe side; nil: never.
    static func watchdogInterval() -> Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(microseconds / 2))
    }

    private func notify(_ state: String) {
        guard descriptor >= 0 else { return }
        let text = Array(state.utf8)
        address.withUnsafeBytes { address in
            guard let name = address.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
            // A word that is lost shows in systemd's journal.
            _ = sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), name, socklen_t(address.count))
        }
    }

    /// The address of a path, or of an abstract name, which begins with `@`; nil for what is neither.
    private static func address(_ path: String) -> [UInt8]? {
        var name = Array(path.utf8)
        var size = 0
        withUnsafeBytes(of: sockaddr_un().sun_path) { size = $0.count }
        guard name.count > 1, name.count < size else { return nil }
        switch name[0] {
        case UInt8(ascii: "/"): name.append(0)
        case UInt8(ascii: "@"): name[0] = 0
        default: return nil
        }
        return withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + name
    }
}
