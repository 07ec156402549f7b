/// What became of the writing of a state.
package enum LockStateNotice: Sendable {
    /// Once, until it has recovered. Operations are refused when the log is full.
    case failing(LockStateError)
    case recovered
}

/// Where a state comes from.
package enum LockStateOrigin: Equatable, Sendable {
    /// There was none.
    case new
    case restored
    /// The machine has died with a state that survives only the process's death; what was there is put aside.
    case incomplete
    /// What was there is put aside because somebody asked for it.
    case discarded
}
