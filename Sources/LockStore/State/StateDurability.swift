/// What the state on disk survives, by its name in `store.durability`.
package enum StateDurability: String, CaseIterable, Sendable {
    /// Any death of the process.
    case process
    /// Also that of the machine.
    case power
}
