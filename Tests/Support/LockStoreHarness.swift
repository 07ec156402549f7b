package import EventLoop
package import LockStore
package import TicketLock

/// How the conformance suite makes the store it tests and lets time pass there. One for each run.
package protocol LockStoreHarness: Sendable {
    /// The loop that the store lives on, running.
    var loop: EventLoop { get }

    /// The suite's unit of time. What is to happen within one does, and nothing is asked for that needs a
    /// finer one: with a store that lives by the real time, long enough for a busy machine.
    var tick: Duration { get }

    /// A store without locks, started.
    func makeStore(_ limits: LockLimits) async throws -> any LockStore

    /// Lets time pass: a clock that is advanced, or a sleep.
    func advance(by span: Duration) async throws

    /// Ends the store and its loop. No call of the store is under way.
    func tearDown() async
}
