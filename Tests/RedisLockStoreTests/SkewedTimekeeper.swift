import EventLoop
import LockStore
import TicketLock

/// The real clock, ahead by a span.
final class SkewedTimekeeper: Timekeeper {
    private let clock: LoopTimekeeper
    private let skew: Duration

    init(loop: EventLoop, skew: Duration) {
        clock = LoopTimekeeper(loop: loop)
        self.skew = skew
    }

    func now() -> Instant { clock.now() + skew }

    func onWake(_ action: @escaping () -> Void) { clock.onWake(action) }

    func wake(at due: Instant) { clock.wake(at: Instant(nanoseconds: due.nanoseconds - skew.nanoseconds)) }
}
