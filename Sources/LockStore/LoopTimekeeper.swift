package import EventLoop
package import TicketLock

/// The real clock: `CLOCK_BOOTTIME`, and an alarm on the event loop.
///
/// `@unchecked Sendable`: made anywhere, used on the loop's thread only.
package final class LoopTimekeeper: Timekeeper, @unchecked Sendable {
    private let loop: EventLoop
    private var alarm: Alarm?

    package init(loop: EventLoop) {
        self.loop = loop
    }

    package func now() -> Instant { Instant(nanoseconds: Alarm.now) }

    package func onWake(_ action: @escaping () -> Void) {
        do {
            alarm = try Alarm(on: loop, action: action)
        } catch {
            // A process that starts without a single descriptor left cannot serve anybody.
            fatalError("no timer for the lock store: \(error)")
        }
    }

    /// Lets the alarm go, which goes off no more. Before the timekeeper is dropped, on the loop's thread.
    package func stop() {
        alarm?.stop()
        alarm = nil
    }

    package func wake(at due: Instant) {
        // An alarm that goes off early finds nothing due and is set again: cheaper than a system call for
        // every deadline that comes and goes.
        guard let alarm, alarm.due == nil || due.nanoseconds < alarm.due ?? .max else { return }
        alarm.set(due.nanoseconds)
    }
}
