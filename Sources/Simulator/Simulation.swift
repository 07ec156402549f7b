package import EventLoop
package import HistoryChecker
import LockStore
import TicketLock

/// One run: clients, a daemon that dies and starts again, its disk and its clocks, all from one seed. The rules, the
/// store and the state on disk are the daemon's own; what the clients are told is judged by ``HistoryChecker``.
///
/// It runs on the thread of an event loop, a turn for each thing that happens, so that nothing depends on another
/// thread.
///
/// `@unchecked Sendable`: the loop's thread's.
package final class Simulation: @unchecked Sendable {
    package let options: SimulationOptions
    let loop: EventLoop
    let random: SimulatedRandom
    let clock = SimulatedClock()
    let disk: SimulatedDisk
    let durability: StateDurability
    /// Whether the wall clock is set now and then.
    let setsWallClock: Bool
    /// Of the state's log, which is soon full.
    let logBytes: Int
    var limits = LockLimits()
    var clients = SimulatedClients()
    private var checker: HistoryChecker
    private var agenda = Agenda()
    private var remaining: [Int]
    /// Until when things happen before the next step.
    var until: Instant
    private var isEnding = false
    private let done: (Simulation) -> Void

    var daemon: SimulatedDaemon?
    var daemonState = DaemonState()
    /// The history, if it is wanted.
    package private(set) var history: HistoryWriter?
    package private(set) var stepCount = 0
    /// What was done to the machine, if the history is wanted.
    package private(set) var deeds: [String] = []
    /// What is wrong beside what the checker finds.
    package private(set) var failures: [String] = []

    /// - Parameter done: is called on the loop's thread when the run is over.
    package init(
        _ options: SimulationOptions, on loop: EventLoop, keepsHistory: Bool = false,
        done: @escaping (Simulation) -> Void
    ) {
        self.options = options
        self.loop = loop
        self.done = done
        random = SimulatedRandom(seed: options.seed)
        disk = SimulatedDisk(random: random)
        durability = random.chance(0.6) ? .power : .process
        disk.omission = options.omission
        remaining = Array((options.steps ?? Array(0..<options.stepCount)).reversed())
        until = clock.elapsed
        if keepsHistory { history = HistoryWriter() }
        limits.maxLifetime = .seconds(random.pick([5, 20]))
        logBytes = random.pick([1 << 15, 1 << 16])
        setsWallClock = options.faults.contains(.wall) && random.chance(0.3)
        // Longer than the clock is set ahead: else numbers would be forgotten, as they may be.
        limits.numberRetention = setsWallClock ? .seconds(1_000_000) : .seconds(60)
        limits.locksMax = 20
        limits.ticketsPerLockMax = random.pick([3, 300])
        var judging = HistoryOptions()
        judging.numberRetention = limits.numberRetention
        judging.defaultLifetime = limits.maxLifetime
        judging.findingsMax = 3
        checker = HistoryChecker(judging)
    }

    package var findings: [Finding] { checker.findings }
    package var turnCount: Int { checker.turnCount }
    package var isFailed: Bool { checker.findingCount > 0 || !failures.isEmpty }

    /// Begins the run. The loop's thread.
    package func start() {
        disk.onDeath = { [unowned self] in processDied() }
        disk.onSync = { [unowned self] sync in begin(sync) }
        startDaemon()
        loop.submit { [self] in turn() }
    }

    // MARK: Turns

    /// One thing happens.
    private func turn() {
        if isFailed { return finish() }
        if let next = agenda.next, next <= until {
            if next > clock.elapsed { clock.pass(next - clock.elapsed) }
            agenda.removeFirst()()
        } else if clock.elapsed < until {
            clock.pass(until - clock.elapsed)
        } else if let step = remaining.popLast() {
            random.begin(options.seed, step: UInt64(step + 1))
            stepCount += 1
            perform()
            until = clock.elapsed + .nanoseconds(random.span(0...1_500_000_000))
        } else if !isEnding {
            // All is well again, and everybody has an answer in the end.
            isEnding = true
            heal()
            until = clock.elapsed + .seconds(45)
        } else {
            return finish()
        }
        loop.submit { [self] in turn() }
    }

    private func finish() {
        if !isFailed { checker.end() }
        disk.onDeath = nil
        daemon?.die()
        let syncs = disk.pendingSyncs
        disk.killProcess()
        daemon?.clearAway()
        for sync in syncs { sync.end() }
        daemon = nil
        agenda = Agenda()
        done(self)
    }

    func schedule(after span: Duration, _ action: @escaping () -> Void) {
        agenda.add(at: clock.elapsed + span, action)
    }

    // MARK: The history

    func record(_ event: HistoryEvent) {
        history?.write(event, at: clock.elapsed)
        do throws(HistoryError) {
            try checker.take(event, at: clock.elapsed)
        } catch {
            fail("the history is wrong: \(error)")
        }
    }

    func fail(_ text: String) { failures.append(text) }

    /// Tells what was done to the machine, for whoever reads the history.
    func tell(_ text: @autoclosure () -> String) {
        if history != nil { deeds.append("\(clock.elapsed.nanoseconds): \(text())") }
    }
}
