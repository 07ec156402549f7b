package import EventLoop
import LockStore
package import TicketLock

/// A clock that stands still until a test advances it.
///
/// `@unchecked Sendable`: made anywhere, used on the loop's thread only.
package final class ManualClock: Timekeeper, @unchecked Sendable {
    private let loop: EventLoop
    private var moment: Instant
    private var action: () -> Void = {}
    private var due: Instant?
    private var isAdvancing = false
    /// How often the alarm went off.
    package private(set) var alarmCount = 0

    /// The time is `start`: not zero, so that nothing passes by taking a span for a moment.
    package init(loop: EventLoop, start: Instant = Instant(nanoseconds: 1_000_000_000_000)) {
        self.loop = loop
        moment = start
    }

    package func now() -> Instant { moment }

    package func onWake(_ action: @escaping () -> Void) { self.action = action }

    package func wake(at due: Instant) {
        if let earlier = self.due, earlier <= due { return }
        self.due = due
        guard due <= moment, !isAdvancing else { return }
        // Not from within the call that asked for it, as with the real alarm.
        loop.submit { [self] in goOff(by: moment, timesMax: 1) }
    }

    /// Lets time pass, the alarm going off at each moment it is due at. Loop thread.
    package func advance(by span: Duration) {
        let end = moment + span
        isAdvancing = true
        goOff(by: end, timesMax: .max)
        isAdvancing = false
        moment = end
    }

    /// Lets time pass without the alarm going off, as when the thread was not scheduled; then lets it go off
    /// at most `alarms` times. Loop thread.
    package func jump(by span: Duration, alarms: Int = 0) {
        moment = moment + span
        isAdvancing = true
        goOff(by: moment, timesMax: alarms)
        isAdvancing = false
    }

    private func goOff(by end: Instant, timesMax: Int) {
        var times = 0
        while times < timesMax, let due, due <= end {
            moment = max(moment, due)
            self.due = nil
            alarmCount += 1
            times += 1
            action()
        }
    }
}
