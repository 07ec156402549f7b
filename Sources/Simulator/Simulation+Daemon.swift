import HistoryChecker
import LockStore
import TicketLock

/// What is known of the daemon beside its process.
struct DaemonState {
    /// How long a sync takes at most.
    var syncSpan = Duration.milliseconds(2)
    /// One that is under way takes until then.
    var slowUntil = Instant(nanoseconds: .min)
    /// It has ended cleanly, and nothing has begun since.
    var isClosed = true
    /// The boot of the machine in which it began last.
    var boot: UInt128 = 1
    /// The wall clock was set since then.
    var isClockSet = false
    var isAvailable = true
    var isStarting = false
    /// Its callers are being sent away.
    var isShuttingDown = false
}

/// The daemon's process: how it starts and how it ends.
extension Simulation {
    func startDaemon() {
        guard daemon == nil else { return }
        daemonState.isStarting = false
        // One that comes to no end may have begun.
        daemonState.isClosed = false
        var stateOptions = LockState.Options(directory: "state", durability: durability, limits: limits)
        stateOptions.logBytes = logBytes
        do throws(LockStateError) {
            let files = disk.startProcess()
            let (state, table) = try LockState.open(stateOptions, clock: clock.machineClock, disk: files)
            guard disk.isProcessAlive else { return }
            daemon = SimulatedDaemon(self, state, table, on: loop)
            judgeClock()
            record(.fault(HistoryFault(.restarted)))
            tell("starts (\(durability)): \(state.origin), \(table.ticketCount) tickets")
        } catch {
            let wasAlive = disk.isProcessAlive
            tell("does not start: \(error)")
            disk.killProcess()
            if wasAlive, !error.isPassing, disk.faults.readFailure == 0 { fail("no start: \(error)") }
            restart(after: .milliseconds(500 + random.span(0...1_000)))
        }
        judgeAvailability()
    }

    /// After a boot lifetimes go on by the wall clock: if that was set, all may have expired by it.
    private func judgeClock() {
        guard daemonState.boot != clock.bootID else { return }
        daemonState.boot = clock.bootID
        guard daemonState.isClockSet else { return }
        daemonState.isClockSet = false
        record(.fault(HistoryFault(.clockJumped)))
    }

    func restart(after span: Duration) {
        guard !daemonState.isStarting else { return }
        daemonState.isStarting = true
        schedule(after: span) { [unowned self] in startDaemon() }
    }

    /// The process is dead, wherever it was.
    func processDied() {
        if let dead = daemon {
            daemon = nil
            record(.fault(HistoryFault(.killed)))
            for call in dead.open { record(.lost(request: call.request.request, isDone: nil)) }
            dead.die()
            let syncs = disk.pendingSyncs
            schedule(after: .zero) {
                dead.clearAway()
                for sync in syncs { sync.end() }
            }
        }
        judgeAvailability()
        restart(after: .milliseconds(random.span(1...3_000)))
    }

    /// The daemon ends cleanly, and perhaps the machine with it.
    func shutDown(andBoot boots: Bool) {
        guard let daemon, !daemonState.isShuttingDown else { return }
        daemonState.isShuttingDown = true
        daemon.shutDown { [unowned self] in
            schedule(after: .milliseconds(random.span(0...50))) { [unowned self] in
                daemonState.isShuttingDown = false
                guard self.daemon === daemon else { return }
                close(daemon)
                if boots { boot() }
            }
        }
    }

    private func close(_ daemon: SimulatedDaemon) {
        do throws(LockStateError) {
            try daemon.close()
            daemonState.isClosed = disk.isProcessAlive
        } catch {}
        disk.killProcess()
    }

    /// The machine loses power.
    func losePower() {
        boot()
    }

    private func boot() {
        disk.losePower()
        if durability == .process, !daemonState.isClosed { record(.fault(HistoryFault(.powerLost))) }
        clock.boot(after: .milliseconds(random.span(1...10_000)))
        until = max(until, clock.elapsed)
        restart(after: .milliseconds(random.span(1...500)))
    }

    // MARK: The disk

    func begin(_ sync: SimulatedSync) {
        let span = Duration.nanoseconds(random.span(1...max(2, daemonState.syncSpan.nanoseconds)))
        if span > .milliseconds(500) {
            daemonState.slowUntil = max(daemonState.slowUntil, clock.elapsed + span)
        }
        schedule(after: span) { [unowned self] in disk.end(sync) }
    }

    /// Whether somebody who waits may have to wait for longer than its turn.
    func judgeAvailability() {
        let faults = disk.faults
        let isAvailable =
            daemon != nil && !faults.isFull && faults.syncFailure == 0 && faults.readFailure == 0
            && faults.noDescriptors == 0 && daemonState.syncSpan < .seconds(1)
            && clock.elapsed >= daemonState.slowUntil
        guard isAvailable != daemonState.isAvailable else { return }
        daemonState.isAvailable = isAvailable
        record(.fault(HistoryFault(isAvailable ? .available : .unavailable)))
    }
}
