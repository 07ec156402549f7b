package import LockStore
package import TicketLock

/// A call of wait or acquire that a test has under way. Used by its scene only.
///
/// `@unchecked Sendable`: all on the loop's thread.
package final class WaitingCall: @unchecked Sendable {
    package let name: String
    /// What it ended with; nil while it is under way.
    package internal(set) var outcome: Result<Result<TicketStatus, Refusal>, LockStoreError>?
    var task: Task<Void, Never>?

    init(name: String) {
        self.name = name
    }

    package var isWaiting: Bool { outcome == nil }

    /// The caller goes away.
    package func cancel() { task?.cancel() }
}

/// Something that should have happened long ago did not.
struct Impatience: Error, CustomStringConvertible {
    let description: String
}
