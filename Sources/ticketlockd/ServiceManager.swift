import CSystemd
import EventLoop
import Glibc

/// What systemd is told and what it passes (sd_notify(3), sd_listen_fds(3)). Does nothing without systemd.
enum ServiceManager {
    /// The sockets systemd has passed to this process, in its order. Taken once: child processes see none.
    static func takeSockets() -> [Int32] {
        let count = sd_listen_fds(1)
        return count > 0 ? (0..<count).map { SD_LISTEN_FDS_START + $0 } : []
    }

    static func ready(_ status: String) { notify("READY=1\nSTATUS=\(status)") }
    static func stopping() { notify("STOPPING=1\nSTATUS=shutting down") }
    static func reloading() { notify("RELOADING=1") }
    static func alive() { notify("WATCHDOG=1") }

    /// How often systemd wants to hear that the loop turns, halved to be on the safe side; nil: never.
    static func watchdogInterval() -> Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(microseconds / 2))
    }

    private static func notify(_ state: String) {
        // Without systemd there is nobody to tell; with it, a lost word shows in its journal.
        _ = sd_notify(0, state)
    }
}
