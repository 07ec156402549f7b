/// A moment on the clock that expiry is measured by: nanoseconds from an origin that only the clock knows.
///
/// Never wall-clock time; neither NTP steps nor suspend disturb it.
package struct Instant: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than every moment that is measured.
    package static let never = Instant(nanoseconds: .max)

    /// Earlier than every moment that is measured.
    package static let past = Instant(nanoseconds: 0)

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (moment: Instant, span: Duration) -> Instant {
        Instant(nanoseconds: moment.nanoseconds + span.nanoseconds)
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

extension Duration {
    /// The span in whole nanoseconds, what is left cut off.
    package var nanoseconds: Int64 { Int64(attoseconds / 1_000_000_000) }
}
