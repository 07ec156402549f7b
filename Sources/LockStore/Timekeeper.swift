package import TicketLock

/// The clock a store goes by, and the one alarm it keeps there. Loop thread only.
package protocol Timekeeper: AnyObject, Sendable {
    /// The present moment.
    func now() -> Instant
    /// Sets what is called when the alarm goes off; once, before the first ``wake(at:)``.
    func onWake(_ action: @escaping () -> Void)
    /// Makes sure that the alarm goes off at `due` or before; at once when that has passed. It may go off
    /// though nothing is due any more.
    func wake(at due: Instant)
}
