import LockStore
import TicketLock

/// The clock that the store of one process goes by, and its alarm.
///
/// `@unchecked Sendable`: the loop's thread's.
final class SimulatedTimekeeper: Timekeeper, @unchecked Sendable {
    private unowned let simulation: Simulation
    private var action: () -> Void = {}
    private var due: Instant?
    /// The process is dead.
    var isStopped = false

    init(_ simulation: Simulation) { self.simulation = simulation }

    func now() -> Instant { simulation.clock.now }
    func onWake(_ action: @escaping () -> Void) { self.action = action }

    func wake(at due: Instant) {
        guard due != .never, !isStopped, self.due.map({ due < $0 }) ?? true else { return }
        self.due = due
        simulation.schedule(after: max(.zero, due - now())) { [weak self] in self?.goOff(due) }
    }

    private func goOff(_ due: Instant) {
        guard !isStopped, self.due == due else { return }
        self.due = nil
        action()
    }
}
