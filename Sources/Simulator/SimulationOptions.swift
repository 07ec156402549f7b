/// Which run of the simulator it is: the same options give the same run.
package struct SimulationOptions: Sendable {
    package var seed: UInt64
    /// Which steps are done: all below ``stepCount``, or only these.
    package var stepCount = 500
    package var steps: [Int]?
    /// What may happen.
    package var faults = Set(SimulationFault.allCases)

    /// What the disk leaves undone and says that it has done: to see that a run finds that out.
    package var omission: SimulatedDisk.Omission?

    package init(seed: UInt64) { self.seed = seed }
}

/// What may happen beside the requests of clients.
package enum SimulationFault: String, CaseIterable, Sendable {
    /// The disk has no room for a while.
    case full
    /// Syncs take up to some seconds.
    case slow
    /// Syncs fail for a while.
    case sync
    /// The process dies between any two operations on files.
    case kill
    /// The machine loses power.
    case power
    /// The daemon is shut down cleanly, or the machine with it, and starts again.
    case restart
    /// The wall clock is set.
    case wall
    /// The machine sleeps.
    case suspend
    /// Files cannot be opened or read for a while.
    case open
    /// Callers hang up.
    case hangUp = "hang-up"
}
