package import TicketLock

/// The records of a state by their kinds and keys, and what belongs to all of them; changed by transactions.
package protocol StateDatabase: AnyObject {
    func meta() throws(LockStateError) -> StateMeta
    /// Calls `body` with every record of a kind in the order of the keys; it says whether to go on.
    func forEach(_ kind: RecordKind, _ body: (Record) -> Bool) throws(LockStateError)
    /// Makes the records what `updates` say, or throws. Then nothing has changed; or, if `inSteps`, some records have,
    /// but not what belongs to all: the same updates must come again.
    func apply(_ updates: inout StateUpdates, meta: StateMeta, inSteps: Bool) throws(LockStateError)
    /// Lets the disk take anew what the last commit has written, or all there is, whatever the kernel takes it to have.
    func rewrite(isWhole: Bool) throws(LockStateError)
    /// Waits until all there is lies on the disk.
    func sync() throws(LockStateError)
    /// The file's length: it only ever grows.
    func byteCount() throws(LockStateError) -> UInt64
}

/// What belongs to all records of a state.
package struct StateMeta: Equatable, Sendable {
    package var stateID: UInt128
    /// The number of the last entry of the ``ChangeLog`` that is in the database.
    package var applied: UInt64
    /// The token to go on with.
    package var nextToken: FencingToken
}
