package import LockStore
package import TicketLock

/// The clocks of a simulated machine.
///
/// `@unchecked Sendable`: one thread's.
package final class SimulatedClock: @unchecked Sendable {
    /// Since the machine booted.
    package private(set) var now = Instant(nanoseconds: 100_000_000_000)
    /// Nanoseconds since 1970.
    package var wall: Int64 = 1_800_000_000_000_000_000
    package private(set) var bootID: UInt128 = 1
    /// Since the first boot, on a clock that nobody sets.
    package private(set) var elapsed = Instant(nanoseconds: 0)

    package init() {}

    package func pass(_ span: Duration) {
        now = now + span
        wall += span.nanoseconds
        elapsed = elapsed + span
    }

    /// The machine boots again `span` after it died.
    package func boot(after span: Duration) {
        pass(span)
        now = Instant(nanoseconds: 5_000_000_000)
        bootID += 1
    }

    /// As a state is opened with it.
    package var machineClock: MachineClock {
        MachineClock(bootID: bootID, now: { [self] in now }, wallTime: { [self] in wall })
    }
}
