import CUV
import Glibc

/// Calls back once when its time has come, to the nanosecond the kernel allows, on the clock that neither
/// steps of the wall clock nor suspend disturb (`CLOCK_BOOTTIME`).
///
/// One descriptor each, so for the few owners of many deadlines, who keep their earliest one here.
/// Made and used on the loop's thread; ``stop()`` it before dropping it.
package final class Alarm {
    private let descriptor: Int32
    private var watch: Watch?
    /// When it goes off, in nanoseconds of ``now``; nil while it is not set.
    package private(set) var due: Int64?

    package init(on loop: EventLoop, action: @escaping () -> Void) throws(EventLoopError) {
        descriptor = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw EventLoopError(call: "timerfd_create", reason: String(cString: strerror(errno)))
        }
        watch = try Watch(descriptor, on: loop) { [unowned self] in
            var expirations: UInt64 = 0
            // Nothing to read means it was set anew after it became readable: it is not due.
            guard read(descriptor, &expirations, 8) == 8 else { return }
            due = nil
            action()
        }
    }

    /// Goes off at `due`, at once when that has passed; nil: never. Replaces what was set before.
    package func set(_ due: Int64?) {
        // Once stopped, the descriptor may be somebody else's.
        guard watch != nil, due != self.due else { return }
        self.due = due
        var time = itimerspec()
        if let due {
            // Zero would disarm it.
            let nanoseconds = max(due, 1)
            time.it_value = timespec(
                tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        }
        timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &time, nil)
    }

    package func stop() {
        guard let watch else { return }
        watch.stop()
        self.watch = nil
        due = nil
        close(descriptor)
    }

    /// Nanoseconds on the alarms' clock.
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
