package import EventLoop
package import HistoryChecker

/// What came of a run.
package struct SimulationResult: Sendable {
    package let options: SimulationOptions
    package let stepCount: Int
    /// How often a caller was told that it is served.
    package let turnCount: Int
    package let findings: [Finding]
    package let failures: [String]
    /// JSON lines, if they were wanted.
    package let history: [UInt8]
    /// What was done to the machine, with the history.
    package let deeds: [String]

    package var isFailed: Bool { !findings.isEmpty || !failures.isEmpty }

    /// What is wrong, in a word: a shorter run that fails with the same is as good.
    package var kind: String? {
        findings.first?.kind.rawValue ?? failures.first.map { String($0.prefix(30)) }
    }

    /// Runs a simulation on the calling thread.
    package static func of(
        _ options: SimulationOptions, keepsHistory: Bool = false
    ) throws(EventLoopError) -> SimulationResult {
        let loop = try EventLoop()
        var result: SimulationResult?
        let simulation = Simulation(options, on: loop, keepsHistory: keepsHistory) { simulation in
            result = SimulationResult(
                options: options, stepCount: simulation.stepCount, turnCount: simulation.turnCount,
                findings: simulation.findings, failures: simulation.failures,
                history: simulation.history?.bytes ?? [], deeds: simulation.deeds)
            loop.stop()
        }
        loop.submit { simulation.start() }
        loop.run()
        guard let result else { preconditionFailure("the run has come to no end") }
        return result
    }
}
