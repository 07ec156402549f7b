import Glibc
import TicketLock

/// Shows moments as wall-clock time. Only shown, never measured by.
///
/// It remembers how far the two clocks are apart, and looks anew when that has changed by more than
/// ``tolerance``: so a ticket's `expires` is the same number in every answer, and still follows a clock
/// that is set right.
package struct WallClock: Sendable {
    static let tolerance: Int64 = 10_000_000

    private let realTime: @Sendable () -> Int64
    private var offset: Int64?
    private var nextLook = Instant(nanoseconds: .min)

    /// - Parameter realTime: nanoseconds since 1970.
    package init(realTime: @escaping @Sendable () -> Int64 = Self.systemRealTime) {
        self.realTime = realTime
    }

    /// Compares the clocks, at most once a millisecond; call it for each request.
    mutating func adjust(now: Instant) {
        guard now >= nextLook else { return }
        nextLook = Instant(nanoseconds: now.nanoseconds + 1_000_000)
        let present = realTime() - now.nanoseconds
        if let offset, abs(offset - present) < Self.tolerance { return }
        offset = present
    }

    /// Microseconds since 1970, the earlier of two when between them.
    func microseconds(of moment: Instant) -> Int64 {
        let (nanoseconds, overflow) = moment.nanoseconds.addingReportingOverflow(offset ?? 0)
        return (overflow ? .max : nanoseconds) / 1000
    }

    /// The system's wall clock, in nanoseconds since 1970.
    @Sendable package static func systemRealTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
