import HistoryChecker
import LockStore
import TicketLock

/// What happens in a step.
extension Simulation {
    private func may(_ fault: SimulationFault, _ probability: Double) -> Bool {
        // Drawn in any case, so that leaving a fault out changes as little as can be.
        random.chance(probability) && options.faults.contains(fault)
    }

    func perform() {
        // First: who hangs up or asks then is before the alarm of what has expired meanwhile.
        if may(.suspend, 0.01) {
            tell("sleeps")
            suspend()
        }
        if may(.hangUp, 0.06) { hangUp() }
        if may(.full, 0.02) {
            disk.faults.isFull = !disk.faults.isFull
            tell(disk.faults.isFull ? "the disk is full" : "the disk has room")
        }
        if may(.slow, 0.015) {
            daemonState.syncSpan = random.pick([.milliseconds(2), .milliseconds(2), .seconds(6)])
            tell("syncs take up to \(daemonState.syncSpan)")
        }
        if may(.sync, 0.015) {
            disk.faults.syncFailure = random.pick([0, 0, 0.3, 1])
            tell("of the syncs \(disk.faults.syncFailure) fail")
        }
        if may(.open, 0.01) {
            disk.faults.noDescriptors = random.pick([0, 0, 0.5])
            disk.faults.readFailure = random.pick([0, 0, 0.3])
            tell("no descriptors \(disk.faults.noDescriptors), not to be read \(disk.faults.readFailure)")
        }
        if may(.kill, 0.012) {
            let count = random.below(12)
            disk.diesAfter = count
            tell("dies after \(count) operations")
        }
        if may(.kill, 0.008) { disk.killProcess() }
        if may(.power, 0.008) {
            tell("loses power")
            losePower()
        }
        if may(.restart, 0.006) {
            let boots = random.chance(0.3)
            tell(boots ? "the machine is shut down" : "the daemon is shut down")
            shutDown(andBoot: boots)
        }
        if may(.wall, 0.006), setsWallClock { setWallClock() }
        if random.chance(0.03) { disk.writeBack() }
        judgeAvailability()
        if random.chance(0.015) { crowd() }
        ask(clients.next(random, longestLife: limits.maxLifetime))
    }

    /// Many tickets of one conversation, which expire together.
    private func crowd() {
        let id = random.pick(SimulatedClients.ids)
        let lifetime = Duration.milliseconds(20 + random.span(0...4_000))
        for _ in 0..<random.below(200) { ask(clients.nextOfCrowd(id, lifetime: lifetime)) }
    }

    private func ask(_ request: HistoryRequest) {
        guard let daemon, !daemonState.isShuttingDown else { return }
        record(.sent(request))
        daemon.take(SimulatedCall(request, request.call))
    }

    private func hangUp() {
        guard let daemon, !daemon.open.isEmpty else { return }
        let call = daemon.open[random.below(daemon.open.count)]
        record(.lost(request: call.request.request, isDone: nil))
        daemon.hangUp(call)
    }

    private func setWallClock() {
        clock.wall += random.pick([-1, 1]) * random.span(1_000_000...10_000_000_000_000)
        daemonState.isClockSet = true
        tell("the wall clock is set")
    }

    /// Time passes, and nobody is called until it has.
    private func suspend() {
        record(.fault(HistoryFault(.unavailable)))
        clock.pass(.nanoseconds(random.span(1...30_000_000_000)))
        daemonState.isAvailable = false
    }

    /// Nothing fails any more.
    func heal() {
        disk.faults = SimulatedDisk.Faults()
        disk.diesAfter = nil
        daemonState.syncSpan = .milliseconds(2)
        judgeAvailability()
        if daemon == nil { restart(after: .zero) }
    }
}
