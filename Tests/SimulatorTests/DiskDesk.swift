import Simulator
import TicketLock

@testable import LockStore

/// A table with its state on a simulated disk, used without a store around it.
final class DiskDesk {
    let disk: SimulatedDisk
    var durability: StateDurability
    var limits = LockLimits()
    let clock = SimulatedClock()
    private(set) var state: LockState?
    var table = LockTable(limits: LockLimits(), firstToken: 0)

    init(seed: UInt64, _ durability: StateDurability = .power) {
        disk = SimulatedDisk(random: SimulatedRandom(seed: seed))
        self.durability = durability
    }

    var moment: Instant { clock.now }

    func open() throws(LockStateError) {
        var options = LockState.Options(directory: "state", durability: durability, limits: limits)
        options.logBytes = 1 << 18
        let opened = try LockState.open(options, clock: clock.machineClock, disk: disk.startProcess())
        (state, table) = (opened.state, opened.table)
    }

    func kill() {
        disk.killProcess()
        state = nil
    }

    /// The machine dies, and boots again.
    func losePower() {
        disk.losePower()
        state = nil
        clock.boot(after: .seconds(1))
    }

    @discardableResult
    func issue(_ id: String = "ada", lifetime: Duration = .seconds(3000)) throws -> TicketStatus {
        guard let state else { throw LockStateError(.failed, "", "is not open") }
        try state.makeReady(now: moment)
        let status = table.takeTicket(
            TicketRequest(lifetime: lifetime, key: nil), for: ConversationID(id), now: moment)
        try state.write(&table, now: moment)
        return try status.get()
    }

    func lastIssued(_ id: String = "ada") -> TicketNumber {
        table.lock(for: ConversationID(id), now: moment)?.lastIssued ?? -1
    }
}
