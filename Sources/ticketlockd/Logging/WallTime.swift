import Glibc

/// A moment on the wall clock, for showing only.
struct WallTime: Sendable, Equatable {
    /// Seconds since 1970-01-01T00:00:00Z.
    let seconds: Int
    /// 0 to 999.
    let milliseconds: Int

    /// Reads the system's clock.
    static func now() -> WallTime {
        var time = timespec()
        // Can only fail for an unknown clock.
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// RFC 3339 in UTC: `2026-11-21T12:40:29.123Z`.
    var rfc3339: String {
        var clock = seconds
        var parts = tm()
        gmtime_r(&clock, &parts)
        let date =
            "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let time = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(time).\(padded(Int32(milliseconds), 3))Z"
    }

    private func padded(_ number: Int32, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
